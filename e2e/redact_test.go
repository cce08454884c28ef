//go:build unix

package e2e_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/Iyalvan/mlops-track/internal/test/testenv"
)

// leak is a step that writes every secret wherever a training can write, as it is and in the forms that programs give it.
// What it prints itself begins with "step: ".
const leak = `
import base64, json, os, sys, time, urllib.parse as u

secrets = json.load(open(os.environ["PLANTED"]))
def forms(s):
    b = s.encode()
    return [s, base64.b64encode(b).decode(), base64.b64encode(b"user:" + b).decode(), base64.urlsafe_b64encode(b"x" + b).decode(),
            u.quote(s), u.quote_plus(s), u.quote(s, safe="").lower() if s.islower() else "", json.dumps(s), repr(s)]
params, metrics, tags = {}, {"ok": 1}, {}
orders = ["##[set-output name=run-id]forged", "::set-output name=run-id::forged", "a\r::set-output name=run-id::forged",
          "a\n::set-output name=run-id::forged", "a\u001b]0;forged\u0007", "_GitHubActionsFileCommandDelimeter_\nrun-id=forged"]
for i, s in enumerate(secrets):
    params["p%d" % i] = " ".join(forms(s))
    params["cut%d" % i] = "x" * (6000 - len(s) + 3) + s
    tags["t%d" % i] = {"deep": " ".join(forms(s))}
    metrics["bad %d " % i + s + "!"] = 1
    if s.isalnum():
        metrics["m." + s], tags["tag." + s], params["param." + s] = i, "x", "y"
for i, order in enumerate(orders):
    metrics[order], params["order%d" % i] = 1, order
with open(os.environ["MLOPS_RESULT"], "w") as f:
    json.dump({"params": params, "metrics": metrics, "tags": tags, "artifacts": [orders[0]] + secrets, "what " + secrets[0]: 1}, f)
with open(os.environ["MLOPS_METRICS"], "w") as f:
    for s in secrets:
        if s.isalnum():
            f.write(json.dumps({"live." + s: 1.0, "step": 1}) + "\n")
    f.write(json.dumps({orders[0]: 1}) + "\n" + "::set-output name=run-id::forged " + secrets[0] + "\n")
with open("seen-by-others", "w") as f:
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            if int(pid) == os.getppid() or "PPid:\t%d\n" % os.getppid() in open("/proc/%s/status" % pid).read():
                f.write(open("/proc/%s/cmdline" % pid).read())
        except OSError:
            pass
with open("environment", "w") as f:
    f.write("\n".join(name for name in os.environ if name.startswith(("INPUT_", "ACTIONS_", "GITHUB_TOKEN", "CI_JOB_TOKEN"))))
for s in secrets:
    half = len(s) // 2
    sys.stderr.write("step: " + s.replace("\n", "\nstep: ")[:half]); sys.stderr.flush(); time.sleep(0.002)
    sys.stderr.write(s.replace("\n", "\nstep: ")[half:] + "\n"); sys.stderr.flush()
if os.environ["ENDING"] == "exception":
    raise ValueError("step: no way with " + " ".join(" ".join(forms(s)) for s in secrets[::-1]).replace("\n", "\nstep: ") + orders[0])
sys.stderr.write("step: " + " ".join(forms(secrets[-1])).replace("\n", "") + " " + orders[0].replace("##", "# "))
sys.exit(3 if os.environ["ENDING"] == "exit" else 0)
`

// planted is a secret and the door through which it comes in.
type planted struct{ door, secret string }

// doors are variables with secrets in them, as jobs have them.
func doors() (env []string, all []planted) {
	add := func(name, format, secret string) {
		value := fmt.Sprintf(format, secret)
		if strings.Contains(format, "://") {
			value = fmt.Sprintf(format, url.QueryEscape(secret))
		}
		env, all = append(env, name+"="+value), append(all, planted{name, secret})
	}
	add("MLFLOW_TRACKING_PASSWORD", "%s", "tracking pass/w+rd")
	add("GITHUB_TOKEN", "%s", "ghp16C7e42F292c6912E7710c838347Ae178B4a")
	add("GITLAB_TOKEN", "%s", "glpat-xUe93-Wfr_2a")
	add("CI_JOB_TOKEN", "%s", "64hUjobTokenXy77")
	add("CI_REPOSITORY_URL", "https://gitlab-ci-token:%s@gitlab.example.com/acme/cars.git", "repoUrlToken99")
	add("DATABASE_URL", "postgresql://app:%s@db/app", "db&pass=word?")
	add("PIP_EXTRA_INDEX_URL", "https://%s@pypi.example.com/simple", "pypi0AgEIcHlwaS5vcmcCJDk")
	add("HTTPS_PROXY_OLD", "http://me:%s@proxy:8080", "proxyPass1")
	add("AWS_SECRET_ACCESS_KEY", "%s", "/wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
	add("AWS_SESSION_TOKEN", "%s", "FwoGZXIvYXdzEBYaD+"+strings.Repeat("l0ngSession/", 20)+"==")
	add("WANDB_API_KEY", "%s", "0b5d3a6f7c8e9d0a1b2c3d4e5f6071829304a5b6")
	add("SSH_PRIVATE_KEY", "%s", "-----BEGIN KEY-----\nb3BlbnNzaC1rZXktdjEAAAAA\nQyNTUxOQAAACDnx==\n-----END KEY-----")
	add("SMTP_PASSWORD", "%s", `qu"ote's\back<é>`)
	add("INPUT_SOME-TOKEN", "%s", "inputToken4711")
	add("ACTIONS_RUNTIME_TOKEN", "%s", "eyJhbGciOiJSUzI1NiJ9.runtime")
	add("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "%s", "eyJhbGciOiJSUzI1NiJ9.request")
	add("STORAGE_SAS_URL", "https://x.blob.example.com/c?sv=1&sig=%s", "sasSignature0123")
	add("HF_TOKEN", "%s", "hf_AbCdEfGhIjKl")
	add("MY_CREDENTIALS", "%s", "user1234567")
	return env, all
}

// formsOf are those in which no secret may be found.
func formsOf(secret string) map[string]string {
	text, _ := json.Marshal(secret)
	forms := map[string]string{
		"": secret, "URL": url.QueryEscape(secret), "URL path": url.PathEscape(secret), "JSON": strings.Trim(string(text), `"`),
	}
	for before := range 3 {
		code := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("x", before) + secret))
		forms[fmt.Sprint("base64 at ", before)] = strings.TrimRight(code[4:], "=")[:len(secret)]
	}
	for i, line := range strings.Split(secret, "\n") {
		if len(line) >= 6 {
			forms[fmt.Sprint("line ", i)] = line
		}
	}
	return forms
}

// TestNothingLeaks plants secrets in every door of a job whose step writes them wherever it can, and looks for them in all that
// is printed, written, kept and seen by other users of the machine.
func TestNothingLeaks(t *testing.T) {
	t.Parallel()
	s := newStories(t)
	python := testenv.Python(t, 3)
	github := func(dir, outside string) []string {
		return []string{
			"GITHUB_ACTIONS=true", "GITHUB_REPOSITORY=octo/cars", "GITHUB_JOB=fit", "GITHUB_RUN_ID=7", "GITHUB_SHA=" + strings.Repeat("1", 40),
			"GITHUB_SERVER_URL=https://github.com", "GITHUB_EVENT_NAME=pull_request", "GITHUB_EVENT_PATH=" + filepath.Join(outside, "event.json"),
			"GITHUB_REF=refs/pull/5/merge", "GITHUB_HEAD_REF=fix/hf_AbCdEfGhIjKl", "GITHUB_BASE_REF=main", "GITHUB_WORKSPACE=" + dir,
			"GITHUB_OUTPUT=" + filepath.Join(dir, "output"), "GITHUB_STEP_SUMMARY=" + filepath.Join(dir, "summary"), "GITHUB_WORKFLOW=w hf_AbCdEfGhIjKl",
		}
	}
	gitlab := func(dir, _ string) []string {
		return []string{
			"GITLAB_CI=true", "CI=true", "CI_PROJECT_PATH=acme/cars", "CI_PROJECT_DIR=" + dir, "CI_JOB_NAME=fit hf_AbCdEfGhIjKl", "CI_JOB_ID=9",
			"CI_PIPELINE_ID=8", "CI_COMMIT_SHA=" + strings.Repeat("2", 40), "CI_COMMIT_REF_NAME=fix/hf_AbCdEfGhIjKl",
			"CI_MERGE_REQUEST_TITLE=try 64hUjobTokenXy77", "CI_MERGE_REQUEST_IID=3", "CI_SERVER_URL=https://gitlab.example.com",
			"CI_PROJECT_URL=https://gitlab-ci-token:repoUrlToken99@gitlab.example.com/acme/cars",
		}
	}
	server := func() string {
		return strings.Replace(testenv.Server(t, 3), "://", "://ci:uriPassw0rd@", 1)
	}
	for _, test := range []struct {
		name, ending, uri string
		ci                func(dir, outside string) []string
	}{
		{"GitHub, embedded store, exception", "exception", "sqlite:///mlflow.db", github},
		{"GitHub, folder, invalid result", "invalid", "file:./mlruns", github},
		{"GitHub, server away, exit code", "exit", "http://ci:uriPassw0rd@127.0.0.1:1", github},
		{"GitLab, server, exit code", "exit", server(), gitlab},
		{"GitLab, file store, exception", "exception", "file:./mlruns", gitlab},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			dir, outside := t.TempDir(), t.TempDir()
			env, all := doors()
			all = append(all, planted{"the pattern", "card-4711-0815"})
			if strings.Contains(test.uri, "uriPassw0rd") {
				all = append(all, planted{"tracking-uri", "uriPassw0rd"})
			}
			var secrets []string
			for _, p := range all {
				secrets = append(secrets, p.secret)
			}
			text, err := json.Marshal(secrets)
			if err != nil {
				t.Fatal(err)
			}
			writeFile(t, filepath.Join(outside, "planted.json"), string(text))
			event, _ := json.Marshal(map[string]any{"pull_request": map[string]any{
				"number": 5, "title": "use ghp16C7e42F292c6912E7710c838347Ae178B4a ##[set-output name=run-id]forged\r::set-output name=a::b",
				"head": map[string]any{"ref": "fix/hf_AbCdEfGhIjKl", "sha": strings.Repeat("3", 40)}, "base": map[string]any{"ref": "main"},
			}})
			writeFile(t, filepath.Join(outside, "event.json"), string(event))
			env = append(env, test.ci(dir, outside)...)
			env = append(env, "PLANTED="+filepath.Join(outside, "planted.json"), "ENDING="+test.ending, "INPUT_TRACKING-URI="+test.uri,
				"INPUT_RUN="+leak, "INPUT_SHELL="+python+" {0}", "INPUT_REDACT=card-[0-9-]+", "INPUT_OUTPUTS-FILE="+filepath.Join(dir, "outputs.env"),
				"INPUT_EXPERIMENT=leaks", "INPUT_RUN-NAME=fit hf_AbCdEfGhIjKl",
				"INPUT_TAGS=mine=ghp16C7e42F292c6912E7710c838347Ae178B4a\nrepoUrlToken99=x\nwhy=card-4711-0815")
			e := s.call(t, call{dir: dir, env: env}, "action")
			if want := map[string]int{"exception": 1, "invalid": 1, "exit": 3}[test.ending]; e.code != want {
				t.Fatalf("exit code %d, want %d:\n%s", e.code, want, e.stderr)
			}
			texts := tree(t, dir)
			texts["standard output"] = e.stdout
			texts["the summary as it is read"] = html.UnescapeString(texts[filepath.Join(dir, "summary")])
			texts["our log"] = ourLog(t, e.stderr, strings.HasPrefix(test.name, "GitHub"), secrets)
			if strings.HasPrefix(test.name, "GitLab, server") {
				run, err := s.readers[3].read(t, readRequest{URI: testenv.Server(t, 3), Run: runID(t, dir), Dir: dir})
				if err != nil || !strings.Contains(string(run), "***") {
					t.Fatalf("%v\n%s", err, run)
				}
				texts["the server's run"] = string(run)
			}
			look(t, texts, all)
			for _, name := range []string{"INPUT_", "ACTIONS_RUNTIME_TOKEN"} {
				if strings.Contains(texts[filepath.Join(dir, "environment")], name) {
					t.Errorf("the step has %s", name)
				}
			}
			if !strings.Contains(texts[filepath.Join(dir, "environment")], "GITHUB_TOKEN") {
				t.Error("the step lacks the token that the user gave it")
			}
			if !strings.Contains(texts[filepath.Join(dir, "seen-by-others")], "action") {
				t.Error("no command line was seen")
			}
		})
	}
}

// look finds no form of a secret in a text.
func look(t *testing.T, texts map[string]string, all []planted) {
	t.Helper()
	for where, text := range texts {
		for _, p := range all {
			for form, secret := range formsOf(p.secret) {
				if p.door == "the pattern" && form != "" {
					continue // a pattern says what it finds
				}
				if at := strings.Index(text, secret); at >= 0 {
					t.Errorf("%s holds %s as %q: ...%q", where, p.door, form, text[max(0, at-60):min(len(text), at+len(secret)+20)])
				}
			}
		}
	}
}

// tree returns the files under a folder.
func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	texts := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		texts[path] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return texts
}

func runID(t *testing.T, dir string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "outputs.env"))
	if err != nil {
		t.Fatal(err)
	}
	_, id, _ := strings.Cut(string(text), "MLOPS_OUT_RUN_ID=")
	id, _, _ = strings.Cut(id, "\n")
	return id
}

// ourLog reads the log as GitHub's runner does: a carriage return ends a line, masks count from where they stand, and only
// annotations may be commands. It returns what we printed; of the step's own lines it asks that the masks hide the secrets.
func ourLog(t *testing.T, log string, github bool, secrets []string) string {
	t.Helper()
	var ours strings.Builder
	var masks []string
	data := strings.NewReplacer("%0D", "\r", "%0A", "\n", "%25", "%")
	for line := range strings.FieldsFuncSeq(log, func(r rune) bool { return r == '\n' || r == '\r' }) {
		command := strings.TrimSpace(line)
		if secret, ok := strings.CutPrefix(command, "::add-mask::"); ok {
			masks = append(masks, data.Replace(secret))
			continue
		}
		mine := strings.HasPrefix(command, "mlops-track: ") || strings.HasPrefix(command, "::")
		if mine {
			ours.WriteString(line + "\n")
			switch {
			case strings.HasPrefix(command, "::") && !strings.HasPrefix(command, "::warning::") && !strings.HasPrefix(command, "::error::"):
				t.Errorf("a command was smuggled in: %q", line)
			case !strings.HasPrefix(command, "::") && strings.Contains(line, "##["):
				t.Errorf("a command was smuggled into the middle: %q", line)
			}
		}
		if len(masks) > 0 && !mine {
			for _, m := range masks {
				line = strings.ReplaceAll(line, m, "***")
			}
			for _, s := range secrets {
				for part := range strings.SplitSeq(s, "\n") {
					if strings.Contains(line, part) && !strings.HasPrefix(part, "card-") {
						t.Errorf("no mask hides %q of the step", part)
					}
				}
			}
		}
	}
	if github != strings.HasPrefix(log, "::add-mask::") {
		t.Errorf("the log of GitHub, and no other, begins with masks:\n%.300s", log)
	}
	return ours.String()
}
