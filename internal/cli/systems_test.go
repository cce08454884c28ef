package cli_test

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/Iyalvan/mlops-track/internal/cli"
)

// TestJobOnASystemWithoutComments runs a step on the systems that have a report but no comment, for a pull request.
func TestJobOnASystemWithoutComments(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("the step and the agent are shell scripts")
	}
	for _, c := range []struct {
		name    string
		environ []string
		in, out []string // what the log has, and has not
	}{
		{
			"Buildkite", []string{"BUILDKITE=true", "BUILDKITE_PULL_REQUEST=7", "BUILDKITE_REPO=https://github.com/o/r.git", "BUILDKITE_JOB_ID=0190"},
			[]string{"the report is on the page of the job"}, []string{"annotate the build", "secrets are not hidden", "\n##", "\n::"},
		},
		{
			"Azure Pipelines", []string{"TF_BUILD=True", "SYSTEM_PULLREQUEST_PULLREQUESTNUMBER=7", "BUILD_REPOSITORY_URI=https://github.com/o/r"},
			[]string{
				"the report is on the page of the job", "\n##vso[task.setsecret]hunter22\n", "\n##vso[task.uploadsummary]",
				"\n##vso[task.setvariable variable=MLOPS_OUT_STATUS;isOutput=true]FINISHED\n", "\n##vso[task.logissue type=warning]result file ",
			}, []string{"\"##vso["},
		},
		{
			"TeamCity", []string{"TEAMCITY_VERSION=2025.11", "TEAMCITY_BUILDCONF_NAME=train", "BUILD_NUMBER=3"},
			[]string{"\n##teamcity[setParameter name='env.MLOPS_OUT_STATUS' value='FINISHED']\n"}, []string{"no comment", "##vso[", "]##teamcity["},
		},
		{
			"Jenkins", []string{"JENKINS_URL=https://jenkins.example.com", "BUILD_NUMBER=3", "JOB_NAME=x", "CHANGE_ID=7", "CHANGE_URL=https://github.com/o/r/pull/7"},
			[]string{"the report is in this log"}, []string{"\n##", "\n::"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			agent(t, dir)
			environ := append([]string{
				"PATH=" + dir + ":/usr/bin:/bin", "HOME=" + dir, "TMPDIR=" + dir, "AGENT_TEMPDIRECTORY=" + dir, "MY_PASSWORD=hunter22",
				"MLOPS_TRACKING_URI=sqlite:///mlflow.db",
			}, c.environ...)
			log := "\n" + run(t, dir, environ, "run", "--", "sh", "-c", `echo '{"##vso[task.complete]": 1}' > "$MLOPS_RESULT"; printf open >&2`)
			if n := strings.Count(log, "no comment: "); n > 1 || n == 0 && c.name != "TeamCity" {
				t.Errorf("%d lines say that there is no comment:\n%s", n, log)
			}
			for _, text := range c.out {
				if strings.Contains(log, text) {
					t.Errorf("the log has %q:\n%s", text, log)
				}
			}
			for _, text := range c.in {
				if !strings.Contains(log, text) {
					t.Errorf("the log lacks %q:\n%s", text, log)
				}
			}
			args, _ := os.ReadFile(filepath.Join(dir, "args"))
			if want := "redactor add\nannotate --append --style info --context mlops-track-0190\n"; c.name == "Buildkite" && string(args) != want {
				t.Errorf("the agent was called with %q", args)
			}
		})
	}
}

// agent puts a buildkite-agent into a folder, which records its arguments there.
func agent(t *testing.T, dir string) {
	t.Helper()
	syscall.ForkLock.RLock() // a program that another test starts meanwhile would hold the file open for writing
	defer syscall.ForkLock.RUnlock()
	script := "#!/bin/sh\necho \"$@\" >> '" + dir + "/args'\ncat > /dev/null\n"
	if err := os.WriteFile(filepath.Join(dir, "buildkite-agent"), []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
}

// run runs a command in a folder, which must end with 0, and returns what it writes to standard error, a pipe.
func run(t *testing.T, dir string, environ []string, args ...string) string {
	t.Helper()
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := os.Create(filepath.Join(dir, "stdout"))
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	text := make(chan string)
	go func() {
		var b strings.Builder
		_, _ = read.WriteTo(&b)
		text <- b.String()
	}()
	code := cli.Main(context.Background(), cli.Process{Args: args, Environ: environ, Dir: dir, Stdin: os.Stdin, Stdout: out, Stderr: write, Version: "test"})
	write.Close()
	log := <-text
	if code != 0 {
		t.Fatalf("exit code %d:\n%s", code, log)
	}
	return log
}
