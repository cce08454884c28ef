package ci

import (
	"bytes"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf16"

	"github.com/Iyalvan/mlops-track/publish/outputs"
)

// teamcity is TeamCity, which reads service messages. It hides only parameters of the type password.
// https://www.jetbrains.com/help/teamcity/service-messages.html
func teamcity(job Job) System {
	s := System{Log: teamcityLog{}, Keep: archiveOnTeamCity}
	if job.Command != nil {
		s.Outputs = func(values []outputs.Value) error { return teamcityOutputs(job.Command, values) }
	}
	return s
}

// teamcityLog writes service messages.
type teamcityLog struct{}

func (teamcityLog) Mask(string) ([]byte, error) { return nil, nil }

func (teamcityLog) Annotate(severity, text string) []byte {
	return serviceMessage("message", "text", text, "status", strings.ToUpper(severity))
}

// serviceMessage returns a message on a line of its own, with attributes by name and value.
func serviceMessage(name string, attributes ...string) []byte {
	var b bytes.Buffer
	b.WriteString("##teamcity[" + name)
	for i := 0; i+1 < len(attributes); i += 2 {
		fmt.Fprintf(&b, " %s='%s'", attributes[i], teamcityEscaped(attributes[i+1]))
	}
	b.WriteString("]\n")
	return b.Bytes()
}

// teamcityEscaped writes what is not ASCII as numbers of UTF-16, so that it does not matter how the agent reads the log.
func teamcityEscaped(text string) string {
	var b strings.Builder
	for _, r := range text {
		switch {
		case strings.ContainsRune("|'[]", r):
			b.WriteString("|" + string(r))
		case r == '\n':
			b.WriteString("|n")
		case r == '\r':
			b.WriteString("|r")
		case r > unicode.MaxASCII:
			for _, unit := range utf16.Encode([]rune{r}) {
				fmt.Fprintf(&b, "|0x%04X", unit)
			}
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// teamcityOutputs sets variables of the environment of later steps. TeamCity reads %x% in a value as the parameter x, a
// password included, and %% for a percent sign.
// https://www.jetbrains.com/help/teamcity/using-build-parameters.html
func teamcityOutputs(command func([]byte), values []outputs.Value) error {
	var lines bytes.Buffer
	err := eachVariable(values, func(name, text string) error {
		lines.Write(serviceMessage("setParameter", "name", "env."+name, "value", strings.ReplaceAll(text, "%", "%%")))
		return nil
	})
	command(lines.Bytes())
	return err
}

// archiveOnTeamCity returns a line of the build configuration.
// https://www.jetbrains.com/help/teamcity/configuring-general-settings.html#Artifact+Paths
func archiveOnTeamCity(dir string) string {
	return fmt.Sprintf("archive the folder with this line in the artifact paths of the build configuration\n    %s => mlops-track", dir)
}
