//go:build unix

// Package reliability_test counts what survives what: a killed tracker, a server that fails in every phase, signals at any
// moment, secrets in every form. Each trial runs the real binary. What was tried and what held becomes the table of
// docs/reliability.md, which make test-reliability writes; a trial that broke a promise fails, and says how to repeat it.
package reliability_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/Iyalvan/mlops-track/internal/test/tally"
	"github.com/Iyalvan/mlops-track/internal/test/testenv"
)

var (
	rounds  = flag.Int("rounds", 0, "how many times ten random moments are tried; 0: nothing is tried at all")
	tallied = flag.String("tallied", "", "file with rows that other tests counted")
	seed    = flag.Uint64("seed", 0, "seed of the random moments; 0: another one each time")
	update  = flag.Bool("update", false, "write the table into docs/reliability.md")
)

// binary is the program that every trial runs. It is built once.
var binary string

// page is where the table goes.
const page = "../../docs/reliability.md"

func TestMain(m *testing.M) {
	os.Exit(runAll(m))
}

func runAll(m *testing.M) int {
	flag.Parse()
	if *rounds == 0 {
		fmt.Println("e2e/reliability: skipped: trials take minutes; make test-reliability runs them")
		return 0
	}
	if *seed == 0 {
		*seed = uint64(time.Now().UnixNano()) //nolint:gosec // any bits do
	}
	testenv.CatchIgnored()
	folder, err := os.MkdirTemp("", "mlops-track-reliability-")
	if err != nil {
		fmt.Fprintln(os.Stderr, "make a folder for the binary:", err)
		return 1
	}
	defer os.RemoveAll(folder)
	binary = filepath.Join(folder, "mlops-track")
	if err := testenv.Build(binary, "../.."); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	// Most trials wait, for servers or for their moment: four for each core. go test -parallel wins.
	if err := flag.Set("test.parallel", strconv.Itoa(4*runtime.GOMAXPROCS(0))); err != nil {
		fmt.Fprintln(os.Stderr, "set how many trials run at once:", err)
		return 1
	}
	rows, err := tally.Read(*tallied)
	if err != nil {
		fmt.Fprintln(os.Stderr, "read what other tests counted:", err)
		return 1
	}
	counted.add(rows)
	code := m.Run()
	fmt.Printf("seed %d\n%s", *seed, &counted)
	if code == 0 && *update {
		if err := counted.write(page); err != nil {
			fmt.Fprintln(os.Stderr, "write the table:", err)
			return 1
		}
	}
	return code
}

// moments returns the random moments of one row: the same for the same seed, whatever else runs.
func moments(row string) *rand.Rand {
	sum := *seed
	for _, b := range []byte(row) {
		sum = sum*31 + uint64(b)
	}
	return rand.New(rand.NewPCG(*seed, sum)) //nolint:gosec // to be repeated, not to be secret
}
