// Package process runs one command and waits for its end: in a process group of its own, with signals forwarded to it, and
// with an exact result of how it ended.
//
// Exit codes follow the shell (https://pubs.opengroup.org/onlinepubs/9799919799/utilities/V3_chap02.html#tag_19_08_02):
// 127 for a command that is not found, 126 for one that cannot be executed, 128+n for death by signal n.
package process
