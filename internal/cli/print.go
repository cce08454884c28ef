package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/Iyalvan/mlops-track/internal/console"
)

// print writes lines to standard output, without secrets and without workflow commands of GitHub: the
// title of a pull request is untrusted.
func (a *app) print(text string) {
	fmt.Fprint(a.Stdout, a.secrets.Text(console.Inert(a.secrets.Text(text))))
}

// printJSON writes a value to standard output, as print does with a line.
func (a *app) printJSON(value any) error {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetIndent("", "  ")
	if err := enc.Encode(value); err != nil {
		return err
	}
	text := strings.ReplaceAll(a.secrets.Text(b.String()), "##[", `##\u005b`) // the same for a JSON parser
	_, err := a.Stdout.WriteString(text)
	return err
}
