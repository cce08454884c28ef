// Package hint is what to do about an error, beside what went wrong. An error carries it through everything that wraps it, and
// whoever shows the error asks for it once. It prints nothing.
package hint
