package ci

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/Iyalvan/mlops-track/publish/outputs"
)

// maxAzureSummary is a limit of ours: the documentation names none.
const maxAzureSummary = 1 << 20

// azure is Azure Pipelines. Its agent reads commands on both streams of a step, anywhere in a line.
// https://learn.microsoft.com/en-us/azure/devops/pipelines/scripts/logging-commands
// https://github.com/microsoft/azure-pipelines-agent/blob/master/src/Microsoft.VisualStudio.Services.Agent/Command.cs
func azure(job Job) System {
	s := System{Log: azureLog{}, Keep: archiveOnAzure}
	if job.Command == nil {
		return s
	}
	if dir := job.Getenv("AGENT_TEMPDIRECTORY"); dir != "" {
		s.Summary = func(render func(int) string) error { return azureSummary(dir, job.Command, render) }
	}
	s.Outputs = func(values []outputs.Value) error { return azureOutputs(job.Command, values) }
	return s
}

// azureLog writes logging commands.
type azureLog struct{}

func (azureLog) Mask(text string) ([]byte, error) { return vso("task.setsecret", text), nil }

func (azureLog) Annotate(severity, text string) []byte {
	return vso("task.logissue type="+severity, text)
}

// vso returns a logging command on a line of its own. order must be a constant of ours, text may be untrusted.
func vso(order, text string) []byte {
	return []byte("##vso[" + order + "]" + azureEscaped(text) + "\n")
}

// azureEscaped escapes a text; the agent undoes that, the percent sign last.
// https://github.com/microsoft/azure-pipelines-agent/blob/master/src/Agent.Sdk/CommandStringConvertor.cs
func azureEscaped(text string) string {
	return strings.NewReplacer("%", "%AZP25", ";", "%3B", "\r", "%0D", "\n", "%0A", "]", "%5D").Replace(text)
}

// azureSummary writes a file that the agent uploads some time after the command, and removes after the job.
func azureSummary(dir string, command func([]byte), render func(limit int) string) (err error) {
	f, err := os.CreateTemp(dir, "mlops-track-*.md")
	if err != nil {
		return fmt.Errorf("write the job summary: %w", err)
	}
	_, err = f.WriteString(render(maxAzureSummary))
	if err = errors.Join(err, f.Chmod(0o644), f.Close()); err != nil { // the agent may be another user than we in a container
		return fmt.Errorf("write the job summary: %w", err)
	}
	command(vso("task.uploadsummary", f.Name()))
	return nil
}

// azureOutputs sets output variables: $(train.MLOPS_OUT_STATUS) in later steps of the job, if the step has the name train. The
// agent replaces $(x) in the value of a variable by the variable x, secret ones included.
// https://learn.microsoft.com/en-us/azure/devops/pipelines/process/set-variables-scripts
func azureOutputs(command func([]byte), values []outputs.Value) error {
	var lines bytes.Buffer
	err := eachVariable(values, func(name, text string) error {
		if strings.Contains(text, "$(") {
			return errors.New("its value contains $(, with which Azure Pipelines begins a variable")
		}
		lines.Write(vso("task.setvariable variable="+name+";isOutput=true", text))
		return nil
	})
	command(lines.Bytes())
	return err
}

// archiveOnAzure returns a step that archives a folder.
// https://learn.microsoft.com/en-us/azure/devops/pipelines/yaml-schema/steps-publish
func archiveOnAzure(dir string) string {
	return fmt.Sprintf("archive the folder with a step after this one\n    - publish: %s\n      artifact: mlops-track\n      condition: always()", dir)
}
