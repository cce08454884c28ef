// Package mlflowtest makes a tracking server misbehave. A real one stands behind it, so that what a failed request did or
// did not do can be read back from it.
package mlflowtest
