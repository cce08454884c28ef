package rest

import (
	"net/http"

	"github.com/Iyalvan/mlops-track/internal/retry"
)

// class is what an answer with an error status means for the next attempt.
type class struct {
	status    int  // of HTTP; 0: any
	upTo      int  // last status of a range that begins with status; 0: only that one
	foreign   bool // only where the answer is not in MLflow's format
	attempts  int  // how often such a request is sent; endless: as long as the context lasts
	maybeDone bool // the server may have executed the request
}

const (
	endless     = 0
	once        = 1
	maxBrief    = 3 // rate limiters and firewalls that know no 429
	maxInternal = 4 // it may be the request's own fault
)

// classes is the one table of what may pass. The first row that matches counts; what no row matches lasts.
func classes() []class {
	return []class{
		{status: http.StatusForbidden, foreign: true, attempts: maxBrief},
		{status: http.StatusRequestTimeout, attempts: endless, maybeDone: true},
		{status: http.StatusTooEarly, attempts: endless},
		{status: http.StatusTooManyRequests, attempts: endless},
		{status: http.StatusInternalServerError, attempts: maxInternal, maybeDone: true},
		{status: http.StatusNotImplemented, attempts: once},
		{status: http.StatusBadGateway, upTo: 999, attempts: endless, maybeDone: true}, // also what gateways make up, such as 522
		{attempts: once},
	}
}

// classOf returns the class of an answer.
func classOf(status int, foreign bool) class {
	for _, c := range classes() {
		if (c.status == 0 || c.status == status || c.status <= status && status <= c.upTo) && (foreign || !c.foreign) {
			return c
		}
	}
	return class{attempts: once}
}

// concernsAll reports whether an answer that is not MLflow's stands for every request: something else is at the address, such
// as a login page. Other answers of a proxy may be about this request alone, as 413 is.
func concernsAll(status int) bool {
	return status/100 <= 3 || status == http.StatusNotFound || status == http.StatusProxyAuthRequired
}

// failure is an attempt that did not succeed.
type failure struct {
	err       error
	attempts  int  // how often such a call is made; endless: as long as the context lasts
	maybeDone bool // the server may have executed the request
	after     retry.Decision
}

// lasts is a failure that a retry would meet again.
func lasts(err error) *failure { return &failure{err: err, attempts: once, after: retry.Again()} }

// passes is a failure that may pass.
func passes(err error, maybeDone bool) *failure {
	return &failure{err: err, attempts: endless, maybeDone: maybeDone, after: retry.Again()}
}

// uncertain reports whether the outcome of a call that must be made only once is unknown.
func (f *failure) uncertain(onlyOnce bool) bool { return onlyOnce && f.maybeDone && f.attempts != once }

// decide returns what to do after the nth attempt.
func (f *failure) decide(n int, onlyOnce bool) retry.Decision {
	if f.uncertain(onlyOnce) || f.attempts != endless && n >= f.attempts {
		return retry.Stop()
	}
	return f.after
}
