package ciinfo_test

import (
	"maps"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"github.com/Iyalvan/mlops-track/ciinfo"
)

// jenkinsAgent is what a process sees that runs on an agent of Jenkins.
var jenkinsAgent = map[string]string{"JENKINS_URL": "https://jenkins.example.com/", "BUILD_NUMBER": "3", "JOB_NAME": "job"}

// codeBuild is what a process sees that runs in a build of CodeBuild.
var codeBuild = map[string]string{"CODEBUILD_BUILD_ID": "p:1", "CODEBUILD_BUILD_ARN": "arn:aws:codebuild:us-east-1:1:build/p:1"}

// detectIn detects in an environment alone: no files, no git.
func detectIn(t *testing.T, environments ...map[string]string) ciinfo.Info {
	t.Helper()
	all := map[string]string{}
	for _, env := range environments {
		maps.Copy(all, env)
	}
	return ciinfo.Detect(ciinfo.Source{Getenv: func(name string) string { return all[name] }})
}

// environments are those of testdata by file.
func environments(t *testing.T) map[string]map[string]string {
	t.Helper()
	files, err := filepath.Glob("testdata/*/*.env")
	if err != nil || len(files) == 0 {
		t.Fatalf("found no environments: %v", err)
	}
	all := map[string]map[string]string{}
	for _, file := range files {
		all[file] = readEnv(t, file)
	}
	return all
}

// TestSystemInsideAnother holds the order in which systems are looked for.
func TestSystemInsideAnother(t *testing.T) {
	t.Parallel()
	github := map[string]string{"GITHUB_ACTIONS": "true"}
	gitlab := map[string]string{"GITLAB_CI": "true"}
	for _, c := range []struct {
		name string
		envs []map[string]string
		want ciinfo.Provider
	}{
		{"a runner of GitHub Actions that is a build of CodeBuild", []map[string]string{github, codeBuild}, ciinfo.GitHub},
		{"a runner of GitHub Actions on a Jenkins agent", []map[string]string{github, jenkinsAgent}, ciinfo.GitHub},
		{"a runner of GitLab that is a build of CodeBuild", []map[string]string{gitlab, codeBuild}, ciinfo.GitLab},
		{"a build of CodeBuild that Jenkins started on its agent", []map[string]string{codeBuild, jenkinsAgent}, ciinfo.CodeBuild},
		{"Woodpecker with Drone's variables", []map[string]string{{"CI": "woodpecker", "DRONE": "true"}}, ciinfo.Woodpecker},
		{"Woodpecker with CI set by the step", []map[string]string{{"CI": "true", "CI_SYSTEM_NAME": "woodpecker", "DRONE": "true"}}, ciinfo.Woodpecker},
	} {
		if got := detectIn(t, c.envs...).Provider; got != c.want {
			t.Errorf("%s: got %s, want %s", c.name, got, c.want)
		}
	}
	for file, env := range environments(t) {
		system := filepath.Base(filepath.Dir(file))
		if got := detectIn(t, jenkinsAgent, env).Provider; string(got) != system {
			t.Errorf("%s on a Jenkins agent: got %s", file, got)
		}
		if got := detectIn(t, codeBuild, env).Provider; string(got) != system && system != "jenkins" {
			t.Errorf("%s in a build of CodeBuild: got %s", file, got)
		}
	}
}

// TestVariablesOfOtherPrograms holds that one variable that happens to be set is no CI system.
func TestVariablesOfOtherPrograms(t *testing.T) {
	t.Parallel()
	for name, env := range map[string]map[string]string{
		"any system":                           {"CI": "true"},
		"a build script":                       {"BUILD_NUMBER": "3", "BUILD_ID": "3", "JOB_NAME": "x", "WORKSPACE": "/w"},
		"Jenkins' command line client":         {"JENKINS_URL": "https://jenkins.example.com/", "JENKINS_API_TOKEN": "x"},
		"that client in a build script":        {"JENKINS_URL": "https://jenkins.example.com/", "BUILD_NUMBER": "3"},
		"TeamCity's messages tried by hand":    {"TEAMCITY_VERSION": "LOCAL"},
		"Drone's command line client":          {"DRONE_SERVER": "https://drone.example.com", "DRONE_TOKEN": "x"},
		"Buildkite's command line client":      {"BUILDKITE_API_TOKEN": "x", "BUILDKITE_ORGANIZATION_SLUG": "acme"},
		"an application on Cloud Foundry":      {"CF_INSTANCE_GUID": "x", "CF_INSTANCE_INDEX": "0"},
		"the agent of CodeBuild run by hand":   {"CODEBUILD_SRC_DIR": "/src"},
		"a token of Bitbucket":                 {"BITBUCKET_ACCESS_TOKEN": "x", "BITBUCKET_WORKSPACE": "acme"},
		"systems that are said not to be this": {"GITHUB_ACTIONS": "false", "BUILDKITE": "", "TRAVIS": "0", "CIRCLECI": "no"},
	} {
		if info := detectIn(t, env); info.InCI() {
			t.Errorf("%s: got %s", name, info.Provider)
		}
	}
}

// recognisedBy are the variables without which a system is not recognised. They stay as they are while others are spoilt.
const recognisedBy = " GITHUB_ACTIONS CI CI_SYSTEM_NAME GITLAB_CI BUILDKITE CIRCLECI TF_BUILD BITBUCKET_BUILD_NUMBER BITBUCKET_REPO_FULL_NAME TEAMCITY_VERSION" +
	" TEAMCITY_BUILDCONF_NAME TRAVIS DRONE CF_BUILD_ID CF_BUILD_URL APPVEYOR BUDDY BITRISE_IO CODEBUILD_BUILD_ID CODEBUILD_BUILD_ARN BUILD_NUMBER JOB_NAME JENKINS_HOME "

// TestHostileValues sets each variable of each environment to nonsense, one at a time and then all.
func TestHostileValues(t *testing.T) {
	t.Parallel()
	for file, env := range environments(t) {
		for _, value := range []string{
			"", " ", "a\nb", "\x00", "-1", "0", "999999999999999999999999", "%zz", "://", "refs/heads/", "//", ":", "/", "https://u:hidden@h/p?q=hidden",
		} {
			all := maps.Clone(env)
			for name, was := range env {
				if strings.Contains(recognisedBy, " "+name+" ") || strings.Contains(value, "://u") && !strings.Contains(was, "://") {
					continue
				}
				all[name] = value
				check(t, file, detectIn(t, env, map[string]string{name: value}))
			}
			check(t, file, detectIn(t, all))
		}
	}
}

// check holds what is true of every job, whatever the environment says.
func check(t *testing.T, file string, info ciinfo.Info) {
	t.Helper()
	for name, value := range info.Tags() {
		if value == "" {
			t.Errorf("%s: tag %s is empty", file, name)
		}
	}
	for name, address := range map[string]string{
		"repository": info.Repository.URL, "server": info.Repository.ServerURL, "API": info.Repository.APIURL, "GraphQL": info.Repository.GraphQLURL,
		"run": info.Pipeline.RunURL, "job": info.Job.URL, "change": info.Change.URL, "commit": info.CommitURL(),
	} {
		u, err := url.Parse(address)
		if err != nil || u.User != nil || address != "" && u.Host == "" || strings.Contains(address, "hidden") {
			t.Errorf("%s: the address of the %s is %q (%v)", file, name, address, err)
		}
	}
	if info.Pipeline.Attempt < 0 || info.Change.ID != "" && info.Head.OnDefault {
		t.Errorf("%s: %+v", file, info)
	}
}

func TestCommitURL(t *testing.T) {
	t.Parallel()
	sha := strings.Repeat("1", 40)
	for remote, want := range map[string]string{
		"git@github.com:acme/churn.git":                             "https://github.com/acme/churn/commit/" + sha,
		"https://gitlab.com/acme/ml/churn.git":                      "https://gitlab.com/acme/ml/churn/-/commit/" + sha,
		"git@bitbucket.org:acme/churn.git":                          "https://bitbucket.org/acme/churn/commits/" + sha,
		"https://acme@dev.azure.com/acme/ml/_git/churn":             "https://dev.azure.com/acme/ml/_git/churn/commit/" + sha,
		"git@ssh.dev.azure.com:v3/acme/ml/churn":                    "https://dev.azure.com/acme/ml/_git/churn/commit/" + sha,
		"https://git-codecommit.eu-west-1.amazonaws.com/v1/repos/x": "",
		"https://gitea.com/acme/churn.git":                          "https://gitea.com/acme/churn/commit/" + sha,
		"https://git.example.com/acme/churn":                        "https://git.example.com/acme/churn/commit/" + sha,
		"/srv/git/churn.git":                                        "",
	} {
		info := detectIn(t, map[string]string{"BUILDKITE": "true", "BUILDKITE_REPO": remote, "BUILDKITE_COMMIT": sha})
		if got := info.CommitURL(); got != want {
			t.Errorf("%s: got %q, want %q", remote, got, want)
		}
	}
	server := detectIn(t, map[string]string{
		"BUILDKITE": "true", "BUILDKITE_REPO": "https://git.example.com/scm/ml/churn.git", "BUILDKITE_COMMIT": sha, "BUILDKITE_PIPELINE_PROVIDER": "bitbucket_server",
	})
	if server.CommitURL() != "" || server.Repository.Project != "ml/churn" {
		t.Errorf("Bitbucket Data Center: commit %q, project %q", server.CommitURL(), server.Repository.Project)
	}
}

// TestForkByAddress holds that ssh and https, case, user and port do not make another repository.
func TestForkByAddress(t *testing.T) {
	t.Parallel()
	for source, fork := range map[string]bool{
		"https://github.com/acme/churn":             false,
		"git://github.com/Acme/churn.git":           false,
		"ssh://git@github.com:22/acme/churn.git":    false,
		"https://x:y@github.com/acme/churn.git":     false,
		"":                                          false, // not told
		"https://github.com/alice/churn.git":        true,
		"https://github.example.com/acme/churn.git": true,
		"git@github.com:acme/churn-fork.git":        true,
	} {
		info := detectIn(t, map[string]string{
			"BUILDKITE": "true", "BUILDKITE_REPO": "git@github.com:acme/churn.git", "BUILDKITE_PULL_REQUEST": "7", "BUILDKITE_PULL_REQUEST_REPO": source,
		})
		if info.Change.Fork != fork {
			t.Errorf("%q: fork is %v", source, info.Change.Fork)
		}
	}
}

// TestPropertiesThatCannotBeUsed gives TeamCity's files every bad form.
func TestPropertiesThatCannotBeUsed(t *testing.T) {
	t.Parallel()
	env := map[string]string{
		"TEAMCITY_VERSION": "2025.07", "TEAMCITY_BUILDCONF_NAME": "Train", "TEAMCITY_BUILD_PROPERTIES_FILE": "f", "BUILD_NUMBER": "57",
	}
	for name, text := range map[string]string{
		"empty": "", "no newline": "teamcity.build.id", "only a backslash": `\`, "cut off": `teamcity.build.id=\u00`, "cut off in the key": `a\`,
		"no hexadecimal": `a=\uzzzz`, "binary": "\xff\xfe\x00=\x00", "comments": "# teamcity.build.id=1\n! x\n", "huge": "teamcity.build.id=1\n" + strings.Repeat(" ", 5<<20),
	} {
		info := ciinfo.Detect(ciinfo.Source{
			Getenv:   func(name string) string { return env[name] },
			ReadFile: func(string) ([]byte, error) { return []byte(text), nil },
		})
		if info.Provider != ciinfo.TeamCity || info.Job.Name != "Train" || name != "cut off" && info.Pipeline.RunID != "57" {
			t.Errorf("%s: %+v", name, info)
		}
	}
}
