// Package origin is the one rule for where credentials may go: to the scheme, host and port that the user named, and nowhere else.
// Every HTTP client of ours asks it before it follows a redirect. It sends nothing.
//
// What an origin is follows https://www.rfc-editor.org/rfc/rfc6454#section-4.
package origin
