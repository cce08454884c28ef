// Package visible says what a reader sees of a text that a program wrote: colors and other control sequences, characters without
// width and NULs are not seen, and what was overwritten is gone. Text brings a text into that form; Readings keep, for each
// character that is seen, where it stands in the text, so that a secret is found whatever stands inside of it.
//
// It does not draw: columns, cursor movements and the width of a terminal are ignored.
package visible
