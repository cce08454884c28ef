// Package archtest holds the code base to the rules of ARCHITECTURE.md that a compiler does not know: which package may
// import which, how data is passed on, what only the process edge may do, and that the functions which the page names exist.
// It has tests only.
package archtest
