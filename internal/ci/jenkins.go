package ci

import "fmt"

// jenkins is Jenkins. It archives what is named as an artifact.
// https://www.jenkins.io/doc/pipeline/steps/core/#archiveartifacts-archive-the-artifacts
func jenkins(Job) System {
	return System{Keep: func(dir string) string {
		return fmt.Sprintf("archive the folder with these lines in the pipeline\n    post { always { archiveArtifacts artifacts: '%s/**', allowEmptyArchive: true } }", dir)
	}}
}
