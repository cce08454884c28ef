package ciinfo_test

import (
	"fmt"

	"github.com/Iyalvan/mlops-track/ciinfo"
)

// A push to the default branch of a project on GitLab.
func ExampleDetect() {
	env := map[string]string{
		"GITLAB_CI": "true", "CI_PIPELINE_SOURCE": "push", "CI_PROJECT_PATH": "acme/cars", "CI_DEFAULT_BRANCH": "main",
		"CI_COMMIT_BRANCH": "main", "CI_COMMIT_SHA": "0123456789abcdef", "CI_JOB_NAME": "train",
	}
	info := ciinfo.Detect(ciinfo.Source{Getenv: func(name string) string { return env[name] }})
	fmt.Println(info.Provider, info.Event.Kind, info.Repository.Project, info.Head.ShortSHA(), info.Head.OnDefault)
	fmt.Println(info.Tags()["cicd.pipeline.task.name"])
	// Output:
	// gitlab push acme/cars 0123456 true
	// train
}
