// Package doctor finds out what would stop a run before one is started: token, role, region, bucket, clocks, tracking
// server, Python. Each check ends in one line and, where something is wrong, what to do about it.
//
// Checks are values made from plain settings and small functions; the package reads no environment, prints nothing and
// keeps nothing. What it writes, a probe in the artifact store and in an embedded store's folder, it removes again. A token
// is never part of a finding.
package doctor
