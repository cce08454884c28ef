package results_test

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/Iyalvan/mlops-track/step/results"
)

// Nested objects are flattened with dots; an unknown key is a warning, and everything else is taken.
func ExampleLoadResult() {
	dir, err := os.MkdirTemp("", "example-")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "result.json")
	text := `{"params": {"tree": {"depth": 3}}, "metrics": {"auc": 0.75}, "note": "x"}`
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		fmt.Println(err)
		return
	}
	result, problems := results.LoadResult(file)
	fmt.Println(result.Params, result.Metrics[0].Key, result.Metrics[0].Value)
	fmt.Println(len(problems), problems[0].Severity, problems[0].Key)
	// Output:
	// [{tree.depth 3}] auc 0.75
	// 1 warning note
}
