package results_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/Iyalvan/mlops-track/step/results"
)

func TestOwnFilesAreNoArtifacts(t *testing.T) {
	for name, c := range map[string]struct {
		more  []string
		specs []string
		model string
		want  []string
		told  []string
	}{
		"a glob":                  {specs: []string{"**/*.png"}, want: []string{"mlruns/x.png", "p/a.png"}},
		"the folder":              {specs: []string{"."}, want: []string{"mlflow.db-notes", "mlruns/x.png", "p/a.png"}},
		"the folder's real path":  {specs: []string{"ROOT/ws"}, want: []string{"mlflow.db-notes", "mlruns/x.png", "p/a.png"}},
		"braces":                  {specs: []string{"{art,p}/**"}, want: []string{"p/a.png"}},
		"a file":                  {specs: []string{"mlflow.db"}, told: []string{"warning mlflow.db"}},
		"a glob of it":            {specs: []string{"*.db"}, told: []string{"warning *.db"}},
		"a folder":                {specs: []string{"art"}, told: []string{"warning art"}},
		"a glob inside":           {specs: []string{"art/1/*.png"}, told: []string{"warning art/1/*.png"}},
		"a glob that would match": {specs: []string{"a*/**"}, told: []string{"warning a*/**"}},
		"a link to it":            {more: []string{"ws/l -> art", "ws/k -> art/1"}, specs: []string{"l", "**/b.png", "k"}, told: []string{"warning l", "warning k", "warning **/b.png"}},
		"a store that is a link":  {more: []string{"ws/linked -> ROOT/data"}, specs: []string{"linked", "**/d.png"}, told: []string{"warning linked", "warning **/d.png"}},
		"what is not there yet":   {more: []string{"ws/later/x.png"}, specs: []string{"later/*"}, want: []string{"x.png"}},
		"the model":               {specs: []string{"art/1 => m"}, model: "art/1", want: []string{"m/b.png"}},
	} {
		t.Run(name, func(t *testing.T) {
			all := []string{"ws/p/a.png", "ws/mlruns/x.png", "ws/art/1/b.png", "ws/mlflow.db", "ws/mlflow.db-wal", "ws/mlflow.db-notes", "data/d.png"}
			root := tree(t, append(all, c.more...)...)
			ws := filepath.Join(root, "ws")
			for i, spec := range c.specs {
				if spec == "ROOT/ws" {
					c.specs[i] = ws
				}
			}
			files, problems := results.Artifacts(nil, c.specs, results.Where{
				Dir: ws, Roots: []string{root}, Model: c.model, Own: []string{
					filepath.Join(ws, "art"), filepath.Join(ws, "mlflow.db"), filepath.Join(ws, "mlflow.db-wal"), filepath.Join(ws, "linked"),
					filepath.Join(ws, "nowhere", "x"),
				},
			})
			var got []string
			for _, f := range files {
				got = append(got, f.Target)
			}
			slices.Sort(got)
			if diff := cmp.Diff(c.want, got, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("files (-want +got):\n%s", diff)
			}
			for _, p := range problems {
				if !strings.Contains(p.Message, "belongs to the store or to mlops-track itself") {
					t.Errorf("problem %q does not say why", p.Message)
				}
			}
			if diff := cmp.Diff(c.told, told(problems), cmpopts.EquateEmpty(), cmpopts.SortSlices(func(a, b string) bool { return a < b })); diff != "" {
				t.Errorf("problems (-want +got):\n%s\n%v", diff, problems)
			}
		})
	}
}
