// Package doctor checks, before a run is started, what it needs: token, role, region, bucket, clocks, tracking
// server, Python. The result of each check is one line and, where something is wrong, what to do about it.
//
// Checks are values made from plain settings and small functions; the package reads no environment, prints nothing and
// stores nothing. It writes a probe in the artifact store and in an embedded store's folder, and removes it again. A token
// is never part of a finding.
package doctor
