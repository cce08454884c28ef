package mlflow_test

import (
	"testing"
	"unicode/utf8"

	"github.com/Iyalvan/mlops-track/mlflow"
)

func TestValidText(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"": "", "größe": "größe", "entra\356ner.py": "entra\uFFFDner.py", "a\x00b": "a\uFFFDb", "\xed\xa0\x80": "\uFFFD", "\xff\xfe": "\uFFFD",
	} {
		if got := mlflow.ValidText(text); got != want {
			t.Errorf("%q becomes %q, want %q", text, got, want)
		}
	}
}

func TestValidPath(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]string{
		"plots/größe.png": "plots/größe.png", "pl\xe9ts/a\xff.png": "pl_xE9ts/a_xFF.png", "a\xfe.png": "a_xFE.png", "\uFFFD": "\uFFFD",
	} {
		if got := mlflow.ValidPath(path); got != want {
			t.Errorf("%q becomes %q, want %q", path, got, want)
		}
	}
}

func TestLocationOfAFolderThatIsNotUTF8(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"/data/pl\xe9ts/1", "pl\xe9ts/1"} {
		location := mlflow.LocalLocation(path)
		back, ok := mlflow.LocalPath(location)
		if !utf8.ValidString(location) || !ok || back != path {
			t.Errorf("%q is at %q, which is %q", path, location, back)
		}
	}
}
