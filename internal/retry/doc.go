// Package retry repeats what may pass when it is tried again. It is the one engine for that: how often, how long between two
// attempts and which errors are worth another one is given by the caller, who knows the service.
//
// It reads no clock but that of package time, so that its callers are tested in the virtual time of testing/synctest. It never
// waits longer than a context lasts, and logs nothing.
package retry
