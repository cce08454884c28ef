package e2e_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"testing"

	"github.com/Iyalvan/mlops-track/internal/test/testenv"
)

// binFolder holds the binary that every story runs. It is built once.
var binFolder string

// TestMain runs the tests from the root of the repository, where the files are that they hold to each other.
func TestMain(m *testing.M) {
	os.Exit(runAll(m))
}

func runAll(m *testing.M) int {
	flag.Parse()
	if testing.Short() {
		fmt.Println("e2e: skipped: stories need real servers and Pythons; run them without -short")
		return 0
	}
	testenv.CatchIgnored()
	folder, err := os.MkdirTemp("", "mlops-track-e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, "make a folder for the binary:", err)
		return 1
	}
	defer os.RemoveAll(folder)
	if err := os.Chdir(".."); err != nil {
		fmt.Fprintln(os.Stderr, "go to the root of the repository:", err)
		return 1
	}
	if err := testenv.Build(folder+string(filepath.Separator), "."); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	binFolder = folder
	// Many stories wait, for servers, keys or signals: two for each core. go test -parallel wins.
	if err := flag.Set("test.parallel", strconv.Itoa(2*runtime.GOMAXPROCS(0))); err != nil {
		fmt.Fprintln(os.Stderr, "set how many stories run at once:", err)
		return 1
	}
	return m.Run()
}
