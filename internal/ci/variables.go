package ci

import (
	"errors"
	"fmt"

	"github.com/Iyalvan/mlops-track/publish/outputs"
)

// maxVariable is the length that an environment variable may have on every system: later steps get the variable in their
// environment, and could not start with a longer one.
// https://learn.microsoft.com/en-us/windows/win32/procthread/environment-variables
const maxVariable = 32767

// eachVariable sets values as variables of later steps, with the names of the dotenv file. A value that is too long or not
// allowed is not set, and is in the error.
func eachVariable(values []outputs.Value, set func(name, text string) error) error {
	var faults []error
	for _, v := range values {
		err := fmt.Errorf("it has %d bytes; a variable may have %d", len(v.Text), maxVariable)
		if len(v.Text) <= maxVariable {
			err = set(outputs.Variable(v.Name), v.Text)
		}
		if err != nil {
			faults = append(faults, fmt.Errorf("output %s is not set: %w", v.Name, err))
		}
	}
	return errors.Join(faults...)
}
