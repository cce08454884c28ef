// Package hint ties what to do about an error to the error.
package hint

import "errors"

// hinted is an error with what to do about it.
type hinted struct {
	error
	hint string
}

func (e hinted) Unwrap() error { return e.error }
func (e hinted) Hint() string  { return e.hint }

// With returns err with what to do about it; nil stays nil.
func With(err error, text string) error {
	if err == nil {
		return nil
	}
	return hinted{err, text}
}

// Of returns what the first error in the tree of err says should be done; empty if none does.
func Of(err error) string {
	var h interface{ Hint() string }
	if errors.As(err, &h) {
		return h.Hint()
	}
	return ""
}
