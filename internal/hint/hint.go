package hint

// Error is an error with what to do about it.
type Error struct {
	err  error
	text string
}

func (e *Error) Error() string { return e.err.Error() }

// Unwrap returns the error without its hint.
func (e *Error) Unwrap() error { return e.err }

// Hint returns what to do about it; it may have several lines.
func (e *Error) Hint() string { return e.text }

// With adds a hint to an error, before those that it carries already. Without a text the error stays as it is, and no error
// stays none.
func With(err error, text string) error {
	if err == nil || text == "" {
		return err
	}
	return &Error{err: err, text: text}
}

// Of returns the first hint of an error and of those that it wraps, several by errors.Join included. Any error with a method
// Hint has one. It is empty where nobody knows better.
func Of(err error) string {
	if err == nil {
		return ""
	}
	if e, ok := err.(interface{ Hint() string }); ok {
		if text := e.Hint(); text != "" {
			return text
		}
	}
	switch e := err.(type) { //nolint:errorlint // the chain is walked here
	case interface{ Unwrap() error }:
		return Of(e.Unwrap())
	case interface{ Unwrap() []error }:
		for _, one := range e.Unwrap() {
			if text := Of(one); text != "" {
				return text
			}
		}
	}
	return ""
}
