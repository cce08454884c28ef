//go:build unix

package e2e_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/Iyalvan/mlops-track/internal/test/hosttest"
)

const (
	head      = "2222222222222222222222222222222222222222"
	jobToken  = "ghs_jobtoken0123456789"
	readToken = "ghs_readonly0123456789"
)

// request is a pull request on a host in memory, and the jobs on it.
type request struct {
	*hosttest.GitHub

	stories stories
	api     string
}

func newRequest(t *testing.T) request {
	t.Helper()
	host := hosttest.NewGitHub(t, "octo/cars")
	host.SetToken(jobToken, hosttest.Account{Login: "github-actions[bot]", App: true})
	host.SetToken(readToken, hosttest.Account{Login: "github-actions[bot]", App: true, ReadOnly: true})
	host.SetRequest(5, hosttest.Request{Head: head, Branch: "faster"})
	return request{GitHub: host, stories: newStories(t), api: host.Start(t)}
}

// job is a job of a workflow on the pull request, in a folder of its own.
func (p request) job(t *testing.T, run int, token string, more ...string) call {
	t.Helper()
	dir := t.TempDir()
	event := fmt.Sprintf(`{"pull_request": {"number": 5, "title": "Faster", "head": {"ref": "faster", "sha": %q, "repo": {"full_name": "octo/cars"}},
		"base": {"ref": "main", "sha": "3333333333333333333333333333333333333333", "repo": {"full_name": "octo/cars"}}}}`, head)
	writeFile(t, filepath.Join(dir, "event.json"), event)
	return call{dir: dir, env: append([]string{
		"GITHUB_ACTIONS=true", "GITHUB_API_URL=" + p.api, "GITHUB_REPOSITORY=octo/cars", "GITHUB_WORKFLOW=train", "GITHUB_JOB=fit",
		fmt.Sprintf("GITHUB_RUN_ID=%d", run), "GITHUB_RUN_ATTEMPT=1", "GITHUB_EVENT_NAME=pull_request", "GITHUB_REF=refs/pull/5/merge",
		"GITHUB_HEAD_REF=faster", "GITHUB_BASE_REF=main", "GITHUB_EVENT_PATH=" + filepath.Join(dir, "event.json"),
		"GITHUB_OUTPUT=" + filepath.Join(dir, "output"), "GITHUB_STEP_SUMMARY=" + filepath.Join(dir, "summary"),
		"MLOPS_GITHUB_TOKEN=" + token,
	}, more...)}
}

// trained is a step that leaves metrics, a curve and params.
const trained = `for i in 1 2 3 4; do echo "{\"loss\": 0.$((9 - i)), \"step\": $i}" >> "$MLOPS_METRICS"; done
echo '{"params": {"depth": 3}, "metrics": {"auc": '$AUC'}}' > "$MLOPS_RESULT"
[ -z "$(env | grep -i ghs_)" ]`

// TestCommentOnPullRequest follows one pull request: the first run makes the comment, the next one updates it, one that was
// overtaken leaves it alone, and a run that fails says why.
func TestCommentOnPullRequest(t *testing.T) {
	t.Parallel()
	p := newRequest(t)
	train := func(run int, auc string) (call, ended) {
		c := p.job(t, run, jobToken, "AUC="+auc)
		return c, p.stories.call(t, c, "run", "--", "sh", "-c", trained)
	}
	c, e := train(10, "0.91")
	e.says(t, 0, "comment created: ")
	first := p.only(t)
	for _, want := range []string{"<!-- mlops-track: train / fit / octo/cars -->\n", "✅", "finished in", "0.91", "xychart-beta", "`depth`"} {
		if !strings.Contains(first.Body, want) {
			t.Errorf("the comment lacks %q:\n%s", want, first.Body)
		}
	}
	if text, _ := os.ReadFile(filepath.Join(c.dir, "output")); !strings.Contains(string(text), fmt.Sprintf("#issuecomment-%d", first.ID)) {
		t.Errorf("outputs lack the comment's URL:\n%s", text)
	}
	noSecrets(t, c.dir, e, []string{jobToken})

	_, e = train(12, "0.93")
	e.says(t, 0, "comment updated: ")
	_, e = train(11, "0.92")
	e.says(t, 0, "comment outdated: ")
	if now := p.only(t); now.ID != first.ID || !strings.Contains(now.Body, "0.93") || strings.Contains(now.Body, "0.92") {
		t.Errorf("the comment is %d, not %d with the newest run:\n%s", now.ID, first.ID, now.Body)
	}

	e = p.stories.call(t, p.job(t, 13, jobToken), "run", "--", "sh", "-c", "echo no data in bucket >&2; exit 3")
	e.says(t, 3, "comment updated: ")
	if body := p.only(t).Body; !strings.Contains(body, "❌") || !strings.Contains(body, "no data in bucket") {
		t.Errorf("the comment on a failed run:\n%s", body)
	}
}

// only is the one comment that there is.
func (p request) only(t *testing.T) hosttest.Comment {
	t.Helper()
	all := p.Comments(5)
	if len(all) != 1 {
		t.Fatalf("%d comments, want 1: %+v", len(all), all)
	}
	return all[0]
}

// TestCommentOfAMatrix has jobs of one matrix end at the same time: each has its section in the one comment.
func TestCommentOfAMatrix(t *testing.T) {
	t.Parallel()
	p := newRequest(t)
	var all sync.WaitGroup
	for depth := range 4 {
		c := p.job(t, 20, jobToken, fmt.Sprintf("AUC=0.%d1", depth), fmt.Sprintf(`INPUT_MATRIX={"depth": %d}`, depth), "INPUT_RUN="+trained,
			"INPUT_GITHUB-TOKEN="+jobToken)
		all.Go(func() { p.stories.call(t, c, "action").says(t, 0, "comment ") })
	}
	all.Wait()
	body := p.only(t).Body
	for depth := range 4 {
		if want := fmt.Sprintf("0.%d1", depth); !strings.Contains(body, want) {
			t.Errorf("the comment lacks %s:\n%s", want, body)
		}
	}
}

// TestReadOnlyToken is a job whose token may not write: all is there but the comment, and the log says what brings it.
func TestReadOnlyToken(t *testing.T) {
	t.Parallel()
	p := newRequest(t)
	c := p.job(t, 30, readToken, "AUC=0.9")
	e := p.stories.call(t, c, "run", "--summary-file", "report.md", "--", "sh", "-c", trained)
	e.says(t, 0, "no comment on #5: ", "403 Resource not accessible by integration", "hint: give the job's token the permission", "pull-requests: write")
	for _, name := range []string{"summary", "report.md", "output"} {
		if text, err := os.ReadFile(filepath.Join(c.dir, name)); err != nil || !strings.Contains(string(text), "0.9") {
			t.Errorf("%s: %v\n%s", name, err, text)
		}
	}
	if strings.Contains(e.stderr, "warning: ") {
		t.Errorf("a token that may not write is a warning:\n%s", e.stderr)
	}
	p.stories.call(t, c, "run", "--comment", "always", "--", "true").says(t, 0, "warning: no comment on #5: ")
	p.stories.call(t, c, "run", "--comment", "never", "--", "true").says(t, 0)
	if n := len(p.Comments(5)); n != 0 {
		t.Errorf("%d comments", n)
	}
	doctor := p.stories.call(t, c, "doctor")
	if !strings.Contains(doctor.stdout, "the token can read #5") {
		t.Errorf("doctor says:\n%s", doctor.stdout)
	}
	c.env = append(c.env, "MLOPS_GITHUB_TOKEN=ghs_unknown0123456789")
	doctor = p.stories.call(t, c, "doctor")
	if !strings.Contains(doctor.stdout, "cannot comment on #5") || !strings.Contains(doctor.stdout, "github-token is not valid") || doctor.code != 0 {
		t.Errorf("doctor ends with %d and says:\n%s", doctor.code, doctor.stdout)
	}
}

// TestReportOfAFork takes the report that a job of a fork's pull request wrote to a trusted job, which posts it if the request is
// open and at the commit that its own event names.
func TestReportOfAFork(t *testing.T) {
	t.Parallel()
	p := newRequest(t)
	trustedJob := p.job(t, 39, jobToken, "AUC=0.51", "GITHUB_EVENT_NAME=pull_request_target", "GITHUB_WORKFLOW=judge")
	p.stories.call(t, trustedJob, "run", "--", "sh", "-c", trained).says(t, 0, "comment created: ")
	own := p.only(t)
	p.SetRequest(5, hosttest.Request{Head: head, Branch: "faster", Fork: true})
	fork := p.job(t, 40, readToken, "AUC=0.9")
	e := p.stories.call(t, fork, "run", "--report-file", "report.json", "--run-name", "@everyone", "--", "sh", "-c", trained)
	e.says(t, 0, "no comment on #5: ")
	report, err := os.ReadFile(filepath.Join(fork.dir, "report.json"))
	if err != nil {
		t.Fatal(err)
	}
	trusted := func(commit, text string) ended {
		c := p.job(t, 41, jobToken, "GITHUB_EVENT_NAME=workflow_run", "GITHUB_WORKFLOW=report")
		writeFile(t, filepath.Join(c.dir, "report.json"), text)
		writeFile(t, filepath.Join(c.dir, "event.json"), fmt.Sprintf(`{"workflow_run": {"event": "pull_request", "head_branch": "faster",
			"id": 40, "run_attempt": 1, "path": ".github/workflows/train.yml", "html_url": "https://github.com/octo/cars/actions/runs/40",
			"head_sha": %q, "head_repository": {"full_name": "mallory/cars"}, "pull_requests": []}}`, commit))
		return p.stories.call(t, c, "report", "--from", "report.json")
	}
	trusted(strings.Repeat("4", 40), string(report)).says(t, 1, `its head is "2222`)
	trusted(head, strings.Replace(string(report), `"change":"5"`, `"change":"5; rm"`, 1)).says(t, 1, `origin.change: "5; rm" is not a number`)
	trusted(head, strings.Replace(string(report), `"schema"`, `"shema"`, 1)).says(t, 1, `schema: 0 is not supported`)
	if n := len(p.Comments(5)); n != 1 {
		t.Fatalf("%d comments, want that of the trusted job", n)
	}
	tampered := strings.Replace(string(report), `"job_url":"https://github.com/`, `"job_url":"https://evil.example/`, 1)
	if tampered == string(report) {
		t.Fatalf("the report has no link to tamper with:\n%s", report)
	}
	// no report gets into the comment of a trusted job
	tampered = strings.Replace(tampered, `"key":"train / fit / octo/cars"`, `"key":"judge / fit / octo/cars"`, 1)
	trusted(head, tampered).says(t, 0, "comment created: ")
	posted := func() string {
		t.Helper()
		all := p.Comments(5)
		if len(all) != 2 || all[0] != own {
			t.Fatalf("%d comments, and the trusted one is %+v, want as before %+v", len(all), all[0], own)
		}
		return all[1].Body
	}
	if body := posted(); strings.Contains(body, "evil.example") || !strings.Contains(body, "Written by a job of mallory/cars.") {
		t.Errorf("the comment leads where the report says:\n%s", body)
	}
	first := strings.Replace(string(report), `"run":40`, `"run":4000000000000`, 1)
	trusted(head, first).says(t, 0, "comment updated: ") // no report keeps later ones away
	trusted(head, strings.Replace(string(report), `"auc":0.9`, `"auc":0.95`, 1)).says(t, 0, "comment updated: ")
	if body := posted(); !strings.Contains(body, "&#64;&#8203;everyone") || !strings.Contains(body, "0.95") || !strings.Contains(body, "xychart-beta") {
		t.Errorf("the comment:\n%s", body)
	}
}

// TestReportAfterAMatrix reports runs by their ids in a job after those that made them, into the comment that those have.
func TestReportAfterAMatrix(t *testing.T) {
	t.Parallel()
	p := newRequest(t)
	c := p.job(t, 50, jobToken, "AUC=0.91", "MLOPS_COMMENT=never")
	var ids []string
	for _, cell := range []string{`{"depth": 1}`, `{"depth": 2}`} {
		each := c
		each.env = append([]string{"INPUT_MATRIX=" + cell, "INPUT_RUN=" + trained, "INPUT_OUTPUTS-FILE=out.env"}, c.env...)
		p.stories.call(t, each, "action").says(t, 0)
		ids = append(ids, "--run-id", outputOf(t, filepath.Join(c.dir, "out.env"), "RUN_ID"))
	}
	c.env = append(c.env, "GITHUB_JOB=summary", "MLOPS_COMMENT=auto")
	e := p.stories.call(t, c, append([]string{"report"}, ids...)...)
	e.says(t, 0, "comment created: ", "comment updated: ")
	body := p.only(t).Body
	for _, want := range []string{"<!-- mlops-track: train / fit / octo/cars -->", "fit-depth=1", "fit-depth=2"} {
		if !strings.Contains(body, want) {
			t.Errorf("the comment lacks %q:\n%s", want, body)
		}
	}
	p.stories.call(t, c, "report", "--run-id", "0123").says(t, 1, `read run "0123"`)
}

// TestStepsOfAJob: two steps of one job, and two commands of one step, each have their report, and a later run updates each.
func TestStepsOfAJob(t *testing.T) {
	t.Parallel()
	p := newRequest(t)
	p.steps(t, 60, [3]string{"0.61", "0.62", "0.63"})
	p.steps(t, 61, [3]string{"0.71", "0.72", "0.73"})
	body := p.only(t).Body
	for _, want := range []string{"0.71", "0.72", "0.73"} {
		if !strings.Contains(body, want) {
			t.Errorf("the comment lacks %s:\n%s", want, body)
		}
	}
	if n := strings.Count(body, "<!-- mlops-track section"); n != 3 || strings.Contains(body, "0.61") {
		t.Errorf("%d sections, want 3 of the newest run:\n%s", n, body)
	}
}

// steps are those of one job: one with two commands, the first of which fails, and another.
func (p request) steps(t *testing.T, run int, auc [3]string) {
	t.Helper()
	for i, step := range []string{"__run", "__run", "boost"} {
		command := trained
		if i == 0 {
			command += "\nexit 3"
		}
		e := p.stories.call(t, p.job(t, run, jobToken, "GITHUB_ACTION="+step, "AUC="+auc[i]), "run", "--", "sh", "-c", command)
		if !strings.Contains(e.stderr, "comment ") {
			t.Errorf("no comment:\n%s", e.stderr)
		}
	}
}

// TestCommentOnABranch: a push to a branch with an open pull request is reported there. Where the token may not look it up, the log says
// what to add, and the job is none the worse.
func TestCommentOnABranch(t *testing.T) {
	t.Parallel()
	p := newRequest(t)
	const blind = "ghs_blind0123456789"
	p.SetToken(blind, hosttest.Account{Login: "github-actions[bot]", App: true, NoPulls: true})
	push := func(token, branch string) call {
		c := p.job(t, 70, token, "AUC=0.9", "GITHUB_EVENT_NAME=push", "GITHUB_REF=refs/heads/"+branch, "GITHUB_REF_NAME="+branch, "GITHUB_REF_TYPE=branch",
			"GITHUB_SHA="+head, "GITHUB_HEAD_REF=", "GITHUB_BASE_REF=")
		writeFile(t, filepath.Join(c.dir, "event.json"), `{"ref": "x", "repository": {"full_name": "octo/cars", "default_branch": "main"}}`)
		return c
	}
	e := p.stories.call(t, push(blind, "faster"), "run", "--", "sh", "-c", trained)
	e.says(t, 0, "no comment: look for the pull request of branch faster: 403", "pull-requests: write")
	if strings.Contains(e.stderr, "warning: ") {
		t.Errorf("it is a warning:\n%s", e.stderr)
	}
	for _, branch := range []string{"slower", "main"} {
		if e := p.stories.call(t, push(jobToken, branch), "run", "--", "sh", "-c", trained); strings.Contains(e.stderr, "comment") || e.code != 0 {
			t.Errorf("%s has no request:\n%s", branch, e.stderr)
		}
	}
	p.stories.call(t, push(jobToken, "faster"), "run", "--", "sh", "-c", trained).says(t, 0, "comment created: ")
	if body := p.only(t).Body; !strings.Contains(body, "0.9") {
		t.Errorf("the comment:\n%s", body)
	}
	p.stories.call(t, push(jobToken, "slower"), "run", "--comment-on", "5", "--", "sh", "-c", trained).says(t, 0, "comment ")
}

// TestNoteOnMergeRequest is GitLab: a token of the project writes the note, the job's own may not, and the report files are there.
func TestNoteOnMergeRequest(t *testing.T) {
	t.Parallel()
	const token = "glpat-project0123456789"
	host := hosttest.NewGitLab(t, "octo/cars")
	host.SetToken(token, hosttest.Account{Login: "project_1_bot"})
	host.SetToken("glcbt-job0123456789", hosttest.Account{Login: "octocat", Job: true})
	host.SetRequest(7, hosttest.Request{Head: head})
	s := newStories(t)
	c := call{dir: t.TempDir(), env: []string{
		"GITLAB_CI=true", "CI_API_V4_URL=" + host.Start(t), "CI_PROJECT_PATH=octo/cars", "CI_JOB_NAME=train", "CI_PIPELINE_ID=60",
		"CI_PIPELINE_SOURCE=merge_request_event", "CI_MERGE_REQUEST_IID=7", "CI_MERGE_REQUEST_PROJECT_PATH=octo/cars",
		"CI_COMMIT_SHA=" + head, "CI_JOB_TOKEN=glcbt-job0123456789", "AUC=0.91",
	}}
	args := []string{"run", "--metrics-report", "metrics.txt", "--junit-report", "junit.xml", "--", "sh", "-c", trained}
	s.call(t, c, args...).says(t, 0, "no comment on #7: ", "a job token (CI_JOB_TOKEN) cannot write notes")
	for name, want := range map[string]string{"metrics.txt": "auc 0.91\nloss 0.5\n# EOF\n", "junit.xml": `failures="0"`} {
		if text, err := os.ReadFile(filepath.Join(c.dir, name)); err != nil || !strings.Contains(string(text), want) {
			t.Errorf("%s: %v\n%s", name, err, text)
		}
	}
	c.env = append(c.env, "GITLAB_TOKEN="+token)
	e := s.call(t, c, args...)
	e.says(t, 0, "comment created: ")
	if notes := host.Comments(7); len(notes) != 1 || !strings.Contains(notes[0].Body, "0.91") {
		t.Errorf("notes %+v", notes)
	}
	noSecrets(t, c.dir, e, []string{token, "glcbt-job0123456789"})

	// The pipeline of a branch names its open merge requests.
	host.SetRequest(63, hosttest.Request{Head: head, Branch: "faster"})
	host.SetRequest(64, hosttest.Request{Head: head, Branch: "later"})
	branch := func(name, open string) call {
		each := c
		each.env = append(slices.DeleteFunc(slices.Clone(c.env), func(entry string) bool { return strings.HasPrefix(entry, "CI_MERGE_REQUEST") }),
			"CI_PIPELINE_SOURCE=push", "CI_COMMIT_BRANCH="+name, "CI_COMMIT_REF_NAME="+name, "CI_DEFAULT_BRANCH=main", "CI_OPEN_MERGE_REQUESTS="+open)
		return each
	}
	s.call(t, branch("faster", "octo/cars!63"), args...).says(t, 0, "comment created: ")
	s.call(t, branch("later", ""), args...).says(t, 0, "comment created: ") // opened after the pipeline was started
	if len(host.Comments(63)) != 1 || len(host.Comments(64)) != 1 {
		t.Errorf("notes %+v, %+v", host.Comments(63), host.Comments(64))
	}
}
