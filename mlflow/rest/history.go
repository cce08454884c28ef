package rest

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/Iyalvan/mlops-track/mlflow"
)

const (
	// historyPage is how many points of a metric are asked for at once. MLflow 2.9 knows no pages and sends them all, about 100
	// bytes each.
	historyPage = 25000
	// maxHistory bounds the answer with them. It is read point by point, of which none has more than maxPoint bytes.
	maxHistory = 256 << 20
	maxPoint   = 64 << 10
)

// MetricHistory implements mlflow.Models.
func (c *Client) MetricHistory(ctx context.Context, runID, key string) ([]mlflow.Metric, error) {
	call := Call{Name: "GET metrics/get-history", Method: http.MethodGet, URL: c.URL(api + "metrics/get-history")}
	query := url.Values{"run_id": {runID}, "metric_key": {key}, "max_results": {strconv.Itoa(historyPage)}}
	var points []mlflow.Metric
	for next := "first"; next != ""; {
		call.URL.RawQuery = query.Encode()
		had := len(points)
		err := c.Do(ctx, call, func(resp *http.Response) (err error) {
			defer resp.Body.Close()
			Stream(resp)
			points, next, err = c.history(call, resp, points[:had]) // a repeated attempt begins anew
			return err
		})
		if err != nil {
			return nil, err
		}
		query.Set("page_token", next)
	}
	slices.SortStableFunc(points, func(a, b mlflow.Metric) int {
		return cmp.Or(cmp.Compare(a.Step, b.Step), cmp.Compare(a.Timestamp, b.Timestamp))
	})
	return points, nil
}

// history reads an answer with points of a metric, which it appends, and the token of the next page.
func (c *Client) history(call Call, resp *http.Response, points []mlflow.Metric) ([]mlflow.Metric, string, error) {
	body := &budget{from: resp.Body, total: maxHistory, left: maxPoint}
	next := ""
	err := objectOf(json.NewDecoder(body), func(decoder *json.Decoder, key string) error {
		switch key {
		case "metrics":
			return elements(decoder, func() error {
				var w wireMetric
				err := decoder.Decode(&w)
				points, body.left = append(points, w.metric()), maxPoint
				return err
			})
		case "next_page_token":
			return decoder.Decode(&next)
		}
		return decoder.Decode(new(json.RawMessage))
	})
	_, isSyntax := errors.AsType[*json.SyntaxError](err)
	_, isType := errors.AsType[*json.UnmarshalTypeError](err)
	switch {
	case errors.Is(err, errBudget):
		err = c.tooLong(call, resp, maxHistory)
	case isSyntax, isType, errors.Is(err, errNotObject):
		err = c.notJSON(call, resp, body.first)
	case errors.Is(err, io.EOF): // the answer was cut
		err = io.ErrUnexpectedEOF
	}
	return points, next, err
}

var (
	errBudget    = errors.New("the answer is too large")
	errNotObject = errors.New("not a JSON object")
)

// objectOf reads a JSON object and calls member for each of its keys, to read the value.
func objectOf(decoder *json.Decoder, member func(*json.Decoder, string) error) error {
	if err := delimiter(decoder, '{'); err != nil {
		return err
	}
	for decoder.More() {
		key, err := decoder.Token()
		if err != nil {
			return err
		}
		name, _ := key.(string)
		if err := member(decoder, name); err != nil {
			return err
		}
	}
	return delimiter(decoder, '}')
}

// elements reads a JSON array and calls each to read an element.
func elements(decoder *json.Decoder, each func() error) error {
	if err := delimiter(decoder, '['); err != nil {
		return err
	}
	for decoder.More() {
		if err := each(); err != nil {
			return err
		}
	}
	return delimiter(decoder, ']')
}

func delimiter(decoder *json.Decoder, want json.Delim) error {
	token, err := decoder.Token()
	if err == nil && token != want {
		err = errNotObject
	}
	return err
}

// budget reads an answer as long as no value in it is too large.
type budget struct {
	from  io.Reader
	total int    // for all of it
	left  int    // for what comes next; set again after each value
	first []byte // the beginning, for an error
}

func (b *budget) Read(p []byte) (int, error) {
	allowed := min(b.total, b.left, len(p))
	if allowed <= 0 {
		return 0, errBudget
	}
	n, err := b.from.Read(p[:allowed])
	b.total, b.left = b.total-n, b.left-n
	if room := maxWords - len(b.first); room > 0 {
		b.first = append(b.first, p[:min(n, room)]...)
	}
	return n, err
}
