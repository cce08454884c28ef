package ci

import "github.com/Iyalvan/mlops-track/ciinfo"

// Decided reports what the table says about a system.
func Decided(provider ciinfo.Provider) (abilities bool, none string, listed bool) {
	e, listed := systems()[provider]
	return e.abilities != nil, e.none, listed
}

// Listed is the number of systems in the table.
func Listed() int { return len(systems()) }
