package ci

import (
	"errors"
	"fmt"

	"github.com/Iyalvan/mlops-track/publish/outputs"
)

// maxVariable is what an environment variable may hold on every system: later steps get a variable in their environment, and
// a longer one would keep them from starting.
// https://learn.microsoft.com/en-us/windows/win32/procthread/environment-variables
const maxVariable = 32767

// eachVariable sets values as variables of later steps, by the names that a dotenv file gives them. What does not fit is left
// out, which the error says.
func eachVariable(values []outputs.Value, set func(name, text string) error) error {
	var faults []error
	for _, v := range values {
		err := fmt.Errorf("it has %d bytes, more than the %d of a variable", len(v.Text), maxVariable)
		if len(v.Text) <= maxVariable {
			err = set(outputs.Variable(v.Name), v.Text)
		}
		if err != nil {
			faults = append(faults, fmt.Errorf("output %s is left out: %w", v.Name, err))
		}
	}
	return errors.Join(faults...)
}
