package guard_test

import (
	"bytes"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/Iyalvan/mlops-track/internal/guard"
)

// secretName is a variable that makes the test binary a program which says what other processes can read of it.
const secretName = "GUARD_TEST_TOKEN"

func TestMain(m *testing.M) {
	if os.Getenv(secretName) == "" {
		os.Exit(m.Run())
	}
	guard.HideArgument(os.Args[len(os.Args)-1])
	for _, file := range []string{"/proc/self/environ", "/proc/self/cmdline"} {
		text, err := os.ReadFile(file)
		if err != nil {
			panic(err)
		}
		os.Stdout.Write(append(bytes.ReplaceAll(bytes.Trim(text, "\x00"), []byte{0}, []byte{' '}), '\n'))
	}
	os.Stdout.WriteString(strings.Join(guard.Environ(), " ") + "\n" + strings.Join(guard.Args()[1:], " ") + "\n" + os.Getenv(secretName) + "\n")
}

// What other processes can read of us does not hold our environment, nor the arguments that are secret; we have both all the same.
func TestEnvironmentAndArgumentsAreHidden(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("the environment is hidden on Linux only")
	}
	cmd := exec.Command(os.Args[0], "--github-token=se cret-1", "plain", "se cret-1")
	cmd.Env = []string{"FIRST=1", secretName + "=topsecret", "RUNNER_TRACKING_ID=kept", secretName + "=topsecret2", "NO VARIABLE", "EMPTY=", "LAST=9"}
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(out), "\n")
	environ, cmdline, copied, args, got := lines[0], lines[1], lines[2], lines[3], lines[4]
	if strings.TrimSpace(environ) != "RUNNER_TRACKING_ID=kept" {
		t.Errorf("others read the environment %q", environ)
	}
	if want := os.Args[0] + " --github-token=********* plain *********"; cmdline != want {
		t.Errorf("others read the command line %q, want %q", cmdline, want)
	}
	for _, want := range []string{"FIRST=1", secretName + "=topsecret2", "RUNNER_TRACKING_ID=kept", "NO VARIABLE", "EMPTY=", "LAST=9"} {
		if !strings.Contains(copied, want) {
			t.Errorf("we have %q, want %q in it", copied, want)
		}
	}
	if args != "--github-token=se cret-1 plain se cret-1" || got != "topsecret2" {
		t.Errorf("arguments %q, variable %q", args, got)
	}
}

// The environment is there for libraries, too.
func TestLibrariesFindTheEnvironment(t *testing.T) {
	t.Parallel()
	path := os.Getenv("PATH")
	if path == "" || !slices.Contains(guard.Environ(), "PATH="+path) || !slices.Contains(os.Environ(), "PATH="+path) {
		t.Errorf("PATH is %q; environment %q", path, os.Environ())
	}
}
