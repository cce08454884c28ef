package track

import (
	"os"
	"path/filepath"
	"testing"
)

func TestReadTrainingTellsTheReasonNotTheLauncher(t *testing.T) {
	const (
		rank     = `{"event":"exception","type":"ValueError","message":"bad rate"}` + "\n"
		launcher = `{"event":"exception","type":"torch.distributed.elastic.multiprocessing.errors.ChildFailedError","message":"train.py FAILED"}` + "\n"
	)
	for events, want := range map[string]string{
		rank + launcher: "ValueError",
		launcher:        "torch.distributed.elastic.multiprocessing.errors.ChildFailedError",
		launcher + rank: "ValueError",
	} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "events.jsonl"), []byte(events), 0o600); err != nil {
			t.Fatal(err)
		}
		training, err := readTraining(dir)
		if err != nil || training.Exception.Type != want {
			t.Errorf("exception %q, error %v, want %q of:\n%s", training.Exception.Type, err, want, events)
		}
	}
}
