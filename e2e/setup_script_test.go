//go:build linux

package e2e_test

import (
	"crypto/sha256"
	"encoding/pem"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// fakeRelease serves a release whose binary only prints its version, and releases whose files are wrong in some way. It notes the paths that
// are asked for.
func fakeRelease(t *testing.T) (base string, asked func() []string) {
	t.Helper()
	const binary = "#!/bin/sh\necho mlops-track 1.2.3 linux/amd64\n"
	const lying = "#!/bin/sh\necho 'mlops-track 1.2.3::add-path::/evil'\n"
	line := func(content string) string {
		return fmt.Sprintf("%x  mlops-track_linux_amd64\n", sha256.Sum256([]byte(content)))
	}
	files := map[string][2]string{ // checksums.txt and binary
		"latest/download": {line(binary), binary}, "download/v1.2.3": {line(binary), binary}, "download/v1.2.3-rc.1": {line(binary), binary},
		"download/v2.0.0": {strings.ToUpper(line(binary)[:64]) + line(binary)[64:], binary},
		"download/v6.6.6": {line(binary), "#!/bin/sh\necho evil\n"},
		"download/v7.0.0": {"0%0A::add-path::/evil  mlops-track_linux_amd64\n", binary},
		"download/v7.1.0": {line(binary) + line(binary), binary},
		"download/v8.0.0": {line(lying), lying},
	}
	seen := make(chan string, 1000)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen <- r.URL.Path
		folder, name := filepath.Split(strings.TrimPrefix(r.URL.Path, "/r/"))
		switch release, ok := files[strings.TrimSuffix(folder, "/")]; {
		case !ok:
			http.NotFound(w, r)
		case name == "checksums.txt":
			fmt.Fprint(w, release[0])
		default:
			fmt.Fprint(w, release[1])
		}
	}))
	t.Cleanup(server.Close)
	return server.URL + "/r", func() []string {
		var paths []string
		for len(seen) > 0 {
			paths = append(paths, <-seen)
		}
		return paths
	}
}

// install runs setup/install.sh as the action does and returns its log and what it wrote to the files of the runner.
func install(t *testing.T, with map[string]string) (ok bool, log string, files map[string]string) {
	t.Helper()
	dir := t.TempDir()
	cmd := exec.Command("bash", "setup/install.sh")
	env := map[string]string{
		"PATH": os.Getenv("PATH"), "RUNNER_OS": "Linux", "RUNNER_ARCH": "X64", "RUNNER_TEMP": dir, "VERSION": "v1.2.3", "MATRIX": "null", "JOB_ID": "41",
	}
	for _, name := range []string{"GITHUB_ENV", "GITHUB_OUTPUT", "GITHUB_PATH"} {
		env[name] = filepath.Join(dir, name)
	}
	maps.Copy(env, with)
	for _, name := range slices.Sorted(maps.Keys(env)) {
		cmd.Env = append(cmd.Env, name+"="+env[name])
	}
	out, err := cmd.CombinedOutput()
	files = map[string]string{}
	for _, name := range []string{"GITHUB_ENV", "GITHUB_OUTPUT", "GITHUB_PATH"} {
		if text, err := os.ReadFile(filepath.Join(dir, name)); err == nil {
			files[name] = string(text)
		}
	}
	return err == nil, string(out), files
}

// TestSetupChecksItsInputs runs what setup runs with inputs that would leave the release's folder, write a variable or a workflow command
// of their own, or be an option of curl. Nothing is downloaded and nothing is written for them.
func TestSetupChecksItsInputs(t *testing.T) {
	t.Parallel()
	base, asked := fakeRelease(t)
	for name, with := range map[string]map[string]string{
		"parent folder":               {"VERSION": "v1.2.3/../../../evil"},
		"parent folder from a digit":  {"VERSION": "1/../evil"},
		"dots at the end":             {"VERSION": "v1.2.3-.."},
		"another line":                {"VERSION": "v1.2.3\nv1.2.3"},
		"a query":                     {"VERSION": "v1.2.3?x=y"},
		"a blank":                     {"VERSION": "v1.2.3 --output /tmp/x"},
		"a glob":                      {"VERSION": "v1.2.[3-9]"},
		"job id with a variable":      {"JOB_ID": "41\nLD_PRELOAD=/evil.so"},
		"job id with CR":              {"JOB_ID": "41\rLD_PRELOAD=/evil.so"},
		"job id with a heredoc":       {"JOB_ID": "41\nX<<E\ny\nE"},
		"mirror with a line":          {"BASE_URL": base + "\n::add-path::/evil"},
		"mirror that is an option":    {"BASE_URL": "--config=/etc/passwd"},
		"mirror that is a file":       {"BASE_URL": "file://" + t.TempDir()},
		"mirror with parents":         {"BASE_URL": base + "/../r"},
		"mirror with a blank":         {"BASE_URL": base + " -o /tmp/x"},
		"mirror from the environment": {"MLOPS_TRACK_RELEASES": base + "/..\n"},
		"folder with a line":          {"RUNNER_TEMP": t.TempDir() + "\nMLOPS=1"},
		"another system":              {"RUNNER_OS": "Plan9\n::add-path::/evil"},
		"another machine":             {"RUNNER_ARCH": "X86\n::add-path::/evil"},
	} {
		if with["BASE_URL"] == "" && with["MLOPS_TRACK_RELEASES"] == "" {
			with["BASE_URL"] = base
		}
		ok, log, files := install(t, with)
		if ok || len(files) > 0 || len(asked()) > 0 {
			t.Errorf("%s: ends with %t, wrote %q:\n%s", name, ok, files, log)
		}
		if line, rest, _ := strings.Cut(log, "\n"); !strings.HasPrefix(line, "::error title=mlops-track setup::") || rest != "" {
			t.Errorf("%s: the log is not one error on one line:\n%s", name, log)
		}
	}
}

// TestSetupWritesWholeLines installs what is right, and nothing whose checksum, or the text of it, is wrong.
func TestSetupWritesWholeLines(t *testing.T) {
	t.Parallel()
	base, _ := fakeRelease(t)
	for name, c := range map[string]struct {
		with map[string]string
		env  string // written to GITHUB_ENV; empty: nothing is installed
		log  string
	}{
		"a version":           {nil, "MLOPS_MATRIX=null\nMLOPS_JOB_ID=41\n", "mlops-track 1.2.3 is on PATH"},
		"without v, no job":   {map[string]string{"VERSION": "1.2.3", "JOB_ID": ""}, "MLOPS_MATRIX=null\nMLOPS_JOB_ID=\n", "is on PATH"},
		"latest":              {map[string]string{"VERSION": ""}, "MLOPS_MATRIX=null\nMLOPS_JOB_ID=41\n", "is on PATH"},
		"pre-release":         {map[string]string{"VERSION": "v1.2.3-rc.1"}, "MLOPS_MATRIX=null\nMLOPS_JOB_ID=41\n", "is on PATH"},
		"matrix with lines":   {map[string]string{"MATRIX": "{\n  \"a\": \"x\\ny\"\r\n}"}, "MLOPS_MATRIX={  \"a\": \"x\\ny\"}\nMLOPS_JOB_ID=41\n", "is on PATH"},
		"matrix writes a var": {map[string]string{"MATRIX": "{}\nLD_PRELOAD=x"}, "MLOPS_MATRIX={}LD_PRELOAD=x\nMLOPS_JOB_ID=41\n", "is on PATH"},
		"checksum in capitals": {
			map[string]string{"VERSION": "v2.0.0"}, "MLOPS_MATRIX=null\nMLOPS_JOB_ID=41\n", "is on PATH",
		},
		"other binary":          {map[string]string{"VERSION": "v6.6.6"}, "", "has the checksum"},
		"checksum is a command": {map[string]string{"VERSION": "v7.0.0"}, "", "must be 64 hexadecimal digits"},
		"two checksums":         {map[string]string{"VERSION": "v7.1.0"}, "", "must be 64 hexadecimal digits"},
		"version is a command":  {map[string]string{"VERSION": "v8.0.0"}, "", "must be a version"},
		"no such release":       {map[string]string{"VERSION": "v9.9.9"}, "", "cannot download " + base + "/download/v9.9.9/checksums.txt"},
		"password of a mirror": {
			map[string]string{"BASE_URL": strings.Replace(base, "//", "//me:pa55word@", 1), "VERSION": "v9.9.9"}, "",
			"cannot download " + strings.Replace(base, "//", "//***@", 1),
		},
	} {
		if c.with["BASE_URL"] == "" {
			c.with = maps.Clone(c.with)
			if c.with == nil {
				c.with = map[string]string{}
			}
			c.with["BASE_URL"] = base
		}
		ok, log, files := install(t, c.with)
		if ok != (c.env != "") || files["GITHUB_ENV"] != c.env || !strings.Contains(log, c.log) || strings.Contains(log, "pa55word") {
			t.Errorf("%s: ends with %t, GITHUB_ENV %q, want %q and %q:\n%s", name, ok, files["GITHUB_ENV"], c.env, c.log, log)
		}
		if c.env == "" && len(files) > 0 {
			t.Errorf("%s: wrote %q", name, files)
		}
		if c.env != "" && !strings.HasPrefix(files["GITHUB_OUTPUT"], "version=1.2.3\npath=/") {
			t.Errorf("%s: outputs %q", name, files["GITHUB_OUTPUT"])
		}
	}
}

// TestSetupStaysWithHTTPS does not follow a redirect from https to http, and says that a mirror without https protects nothing.
func TestSetupStaysWithHTTPS(t *testing.T) {
	t.Parallel()
	base, asked := fakeRelease(t)
	secure := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, base+r.URL.Path, http.StatusFound)
	}))
	t.Cleanup(secure.Close)
	certificate := filepath.Join(t.TempDir(), "ca.pem")
	writeFile(t, certificate, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: secure.Certificate().Raw})))
	ok, log, _ := install(t, map[string]string{"BASE_URL": secure.URL, "CURL_CA_BUNDLE": certificate})
	if paths := asked(); ok || len(paths) > 0 || !strings.Contains(log, "cannot download "+secure.URL) {
		t.Errorf("ends with %t after %q:\n%s", ok, paths, log)
	}
	host, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	ok, log, _ = install(t, map[string]string{
		"BASE_URL": "http://mirror.example/r", "http_proxy": base[:len(base)-len(host.Path)],
	})
	if !ok || !strings.Contains(log, "::warning title=mlops-track setup::base-url http://mirror.example/r is not https") {
		t.Errorf("ends with %t:\n%s", ok, log)
	}
}
