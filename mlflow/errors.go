package mlflow

import (
	"errors"
	"fmt"
	"strings"
)

// ErrNotFound is wrapped by errors about a run, an experiment or an artifact that does not exist.
var ErrNotFound = errors.New("not found")

// ErrUncertain is wrapped by the error of a call that must not be made twice where it is not known whether the server executed it.
var ErrUncertain = errors.New("the outcome is unknown")

// UnreachableError says that a store is unreachable: connection refused, timeout, a name that does not resolve, or a server that
// answers 5xx. The same call may succeed later.
type UnreachableError struct {
	URI string // redacted
	Err error
}

func (e *UnreachableError) Error() string { return fmt.Sprintf("%s is unreachable: %v", e.URI, e.Err) }

// Unwrap returns the cause.
func (e *UnreachableError) Unwrap() error { return e.Err }

// RejectedError says that a store answered and rejected the request. The same call would fail again. Its hint (hint.Of) says
// what to do.
type RejectedError struct {
	Call    string // the request, for example "POST runs/create"
	Status  int    // HTTP status, 0 for a store that is not a server
	Code    string // MLflow's error_code, for example INVALID_PARAMETER_VALUE; may be empty
	Message string // of the server
	All     bool   // every request will be rejected, as with the statuses 401 and 403
	Err     error  // why this machine cannot store it, such as a full disk; nil for what the store itself says
}

// Unwrap returns why this machine cannot store it.
func (e *RejectedError) Unwrap() error { return e.Err }

func (e *RejectedError) Error() string {
	answer := strings.TrimSpace(fmt.Sprintf("%d %s", e.Status, e.Code))
	switch {
	case e.Status == 0 && e.Code == "":
		return fmt.Sprintf("%s: %s", e.Call, e.Message)
	case e.Status == 0:
		return fmt.Sprintf("%s: %s: %s", e.Call, e.Code, e.Message)
	case e.Status/100 == 4:
		return fmt.Sprintf("%s: the server rejected the request (%s): %s", e.Call, answer, e.Message)
	}
	return fmt.Sprintf("%s: the server answered %s: %s", e.Call, answer, e.Message)
}

// Is reports whether target is ErrNotFound and the answer is about something that does not exist.
func (e *RejectedError) Is(target error) bool {
	return target == ErrNotFound && e.Code == "RESOURCE_DOES_NOT_EXIST"
}

// Lasting reports whether the store rejects every request, for example because of the credentials: further ones are not
// tried.
func (e *RejectedError) Lasting() bool { return e.All || e.Status == 401 || e.Status == 403 }
