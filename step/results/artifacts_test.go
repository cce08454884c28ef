package results_test

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/Iyalvan/mlops-track/step/results"
)

// tree makes files, folders (name/) and symbolic links (name -> target) below a fresh folder.
func tree(t *testing.T, entries ...string) string {
	t.Helper()
	root, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		name, target, isLink := strings.Cut(entry, " -> ")
		at := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(at), 0o750); err != nil {
			t.Fatal(err)
		}
		switch {
		case isLink:
			err = os.Symlink(strings.ReplaceAll(target, "ROOT", root), at)
		case strings.HasSuffix(name, "/"):
			err = os.MkdirAll(at, 0o750)
		default:
			err = os.WriteFile(at, []byte(name), 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func TestArtifacts(t *testing.T) {
	all := []string{
		"ws/model.pkl", "ws/plots/a.png", "ws/plots/b.png", "ws/plots/sub/c.png", "ws/plots/sub/c.txt", "ws/plot[1].png",
		"ws/.git/config", "ws/empty/", "ws/other/model.pkl", "ws/a", "ws/b/a/x", "tmp/t.txt", "outside/secret",
	}
	for name, c := range map[string]struct {
		more    []string // entries beside all
		specs   []string
		setting []string
		want    []string // target=source, below the root
		told    []string
	}{
		"nothing":            {specs: []string{"", "  "}},
		"a file":             {specs: []string{"plots/a.png"}, want: []string{"a.png=ws/plots/a.png"}},
		"a folder":           {specs: []string{"plots/"}, want: []string{"a.png=ws/plots/a.png", "b.png=ws/plots/b.png", "sub/c.png=ws/plots/sub/c.png", "sub/c.txt=ws/plots/sub/c.txt"}},
		"an empty folder":    {specs: []string{"empty"}},
		"an absolute path":   {specs: []string{"ROOT/tmp/t.txt"}, want: []string{"t.txt=tmp/t.txt"}},
		"a glob":             {specs: []string{"plots/*.png"}, want: []string{"a.png=ws/plots/a.png", "b.png=ws/plots/b.png"}},
		"a deep glob":        {specs: []string{"plots/**/*.png"}, want: []string{"a.png=ws/plots/a.png", "b.png=ws/plots/b.png", "sub/c.png=ws/plots/sub/c.png"}},
		"alternatives":       {specs: []string{"{plots/sub/*.txt,model.*}"}, want: []string{"model.pkl=ws/model.pkl", "plots/sub/c.txt=ws/plots/sub/c.txt"}},
		"placed file":        {specs: []string{"model.pkl => out/models/"}, want: []string{"out/models/model.pkl=ws/model.pkl"}},
		"placed folder":      {specs: []string{"plots/sub=>figures"}, want: []string{"figures/c.png=ws/plots/sub/c.png", "figures/c.txt=ws/plots/sub/c.txt"}},
		"placed glob":        {specs: []string{"plots/**/*.txt => t"}, want: []string{"t/sub/c.txt=ws/plots/sub/c.txt"}},
		"placed at the root": {specs: []string{"model.pkl => ."}, want: []string{"model.pkl=ws/model.pkl"}},
		"name like a glob":   {specs: []string{"plot[1].png"}, want: []string{"plot[1].png=ws/plot[1].png"}},
		"from the setting":   {setting: []string{"model.pkl", "ROOT/ws/plots/sub => m"}, want: []string{"model.pkl=ws/model.pkl", "m/c.png=ws/plots/sub/c.png", "m/c.txt=ws/plots/sub/c.txt"}},
		"the same file twice": {
			specs: []string{"model.pkl", "*.pkl"}, setting: []string{"model.pkl"}, want: []string{"model.pkl=ws/model.pkl"},
		},
		"left out by a glob":          {specs: []string{"plots", "!**/*.txt"}, want: []string{"a.png=ws/plots/a.png", "b.png=ws/plots/b.png", "sub/c.png=ws/plots/sub/c.png"}},
		"a folder left out":           {specs: []string{"!plots/sub"}, setting: []string{"plots/**"}, want: []string{"a.png=ws/plots/a.png", "b.png=ws/plots/b.png"}},
		"a file of a folder left out": {specs: []string{"!plots/sub", "plots/sub/c.png", "plots/sub"}},
		"left out by its name":        {specs: []string{"!ROOT/ws/plots/a.*", "plots/*.png"}, want: []string{"b.png=ws/plots/b.png"}},
		"git's folder":                {specs: []string{"{.git,plots}/**"}, want: []string{"plots/a.png=ws/plots/a.png", "plots/b.png=ws/plots/b.png", "plots/sub/c.png=ws/plots/sub/c.png", "plots/sub/c.txt=ws/plots/sub/c.txt"}},
		"a missing path":              {specs: []string{"nothing.pkl", "model.pkl"}, want: []string{"model.pkl=ws/model.pkl"}, told: []string{"error nothing.pkl"}},
		"missing in the setting":      {setting: []string{"nothing"}, told: []string{"warning nothing"}},
		"a path below a file":         {specs: []string{"model.pkl/x"}, told: []string{"error model.pkl/x"}},
		"a glob without a match":      {specs: []string{"*.onnx", "nowhere/*"}, told: []string{"warning *.onnx", "warning nowhere/*"}},
		"a folder that matches":       {specs: []string{"plots/*"}, want: []string{"a.png=ws/plots/a.png", "b.png=ws/plots/b.png"}, told: []string{"warning plots/*"}},
		"a broken glob":               {specs: []string{"plots/{a", "!x[", "model.pkl"}, want: []string{"model.pkl=ws/model.pkl"}, told: []string{"error !x[", "error plots/{a"}},
		"a target outside":            {specs: []string{"model.pkl => ../x", "model.pkl => a/../../x", "=> x"}, told: []string{"error model.pkl => ../x", "error model.pkl => a/../../x", "error => x"}},
		"one target twice":            {specs: []string{"model.pkl", "other/model.pkl"}, want: []string{"model.pkl=ws/model.pkl"}, told: []string{"error other/model.pkl"}},
		"file and folder":             {specs: []string{"a", "b/**"}, want: []string{"a=ws/a"}, told: []string{"error b/**"}},
		"folder and file":             {specs: []string{"b/**", "a"}, want: []string{"a/x=ws/b/a/x"}, told: []string{"error a"}},
		"outside":                     {specs: []string{"../outside/secret", "ROOT/outside/*"}, told: []string{"error ../outside/secret", "error ROOT/outside/*"}},
		"links inside": {
			more: []string{"ws/l/f -> ../model.pkl", "ws/l/d -> ROOT/ws/plots/sub"}, specs: []string{"l"},
			want: []string{"d/c.png=ws/plots/sub/c.png", "d/c.txt=ws/plots/sub/c.txt", "f=ws/model.pkl"},
		},
		"links by globs": {
			more: []string{"ws/l/d -> ROOT/tmp"}, specs: []string{"l/**/*.txt"}, want: []string{"d/t.txt=tmp/t.txt"},
		},
		"links that leave": {
			more: []string{"ws/l/f -> ../../outside/secret", "ws/l/d -> ROOT/outside", "ws/l/ok"}, specs: []string{"l"},
			want: []string{"ok=ws/l/ok"}, told: []string{"error l", "error l"},
		},
		"a link that leaves further up": {
			more: []string{"ws/up -> ROOT/outside"}, specs: []string{"up/secret", "up/*"}, told: []string{"error up/secret", "error up/*"},
		},
		"links that lead nowhere": {
			more: []string{"ws/l/f -> gone", "ws/l/me -> me"}, specs: []string{"l", "l/f"}, told: []string{"warning l", "warning l", "error l/f"},
		},
		"links in circles": {
			more: []string{"ws/l/x", "ws/l/up -> ..", "ws/l/me -> .", "ws/l/k/back -> ROOT/ws/l"}, specs: []string{"l/**/x"},
			want: []string{"up/b/a/x=ws/b/a/x", "x=ws/l/x"},
		},
		"two links to one folder": {
			more: []string{"ws/l/best -> ROOT/tmp", "ws/l/last -> ROOT/tmp"}, specs: []string{"l"},
			want: []string{"best/t.txt=tmp/t.txt", "last/t.txt=tmp/t.txt"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			root := tree(t, append(all, c.more...)...)
			full := func(specs []string) []string {
				return strings.Split(strings.ReplaceAll(strings.Join(specs, "\n"), "ROOT", root), "\n")
			}
			files, problems := results.Artifacts(full(c.setting), full(c.specs), results.Where{
				Dir: filepath.Join(root, "ws"), Roots: []string{filepath.Join(root, "ws"), filepath.Join(root, "tmp"), filepath.Join(root, "missing")},
			})
			var got []string
			for _, f := range files {
				source, err := filepath.Rel(root, f.Source)
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, f.Target+"="+filepath.ToSlash(source))
			}
			if diff := cmp.Diff(c.want, got, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("files (-want +got):\n%s", diff)
			}
			for i := range problems {
				problems[i].Key = strings.ReplaceAll(problems[i].Key, root, "ROOT")
			}
			if diff := cmp.Diff(c.told, told(problems), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("problems (-want +got):\n%s\n%v", diff, problems)
			}
		})
	}
}

func TestArtifactsThatAreNoFiles(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("sockets in folders are a Unix matter")
	}
	root := tree(t, "out/x")
	listener, err := net.Listen("unix", filepath.Join(root, "out", "s"))
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	for _, spec := range []string{"out", "out/*"} {
		files, problems := results.Artifacts([]string{spec}, nil, results.Where{Dir: root, Roots: []string{root}})
		if len(files) != 1 || len(problems) != 1 || problems[0].Severity != results.Warning {
			t.Errorf("%s: %v %v", spec, files, problems)
		}
	}
}

// TestLinksInManyCircles has folders that each link to all others: the number of ways through them has no end.
func TestLinksInManyCircles(t *testing.T) {
	var entries []string
	for i := range 12 {
		entries = append(entries, fmt.Sprintf("d%d/x", i))
		for j := range 12 {
			if i != j {
				entries = append(entries, fmt.Sprintf("d%d/to%d -> ../d%d", i, j, j))
			}
		}
	}
	root := tree(t, entries...)
	files, problems := results.Artifacts([]string{"**/x"}, nil, results.Where{Dir: root, Roots: []string{root}})
	if least := 12 + 12*11; len(files) < least || len(files) > 2*least || len(problems) != 0 { // each as itself and through links
		t.Errorf("%d files: %v", len(files), problems)
	}
}
