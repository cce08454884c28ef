package report_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/Iyalvan/mlops-track/publish/report"
)

// TestByUse has the names that frameworks and people use, in the order in which a reader looks for them.
func TestByUse(t *testing.T) {
	for name, want := range map[string][]string{
		"detection": {
			"val/loss", "val/accuracy", "val/f1", "val/ap_bicycle", "val/ap_bus", "val/ap_car", "train/loss", "train/accuracy", "train/f1", "lr", "grad_norm",
		},
		"Keras":        {"val_loss", "val_accuracy", "loss", "accuracy", "learning_rate"},
		"Lightning":    {"val_loss", "val_acc", "train_loss_epoch", "train_loss_step", "epoch", "lr-Adam"},
		"Transformers": {"eval_loss", "eval_f1", "loss", "train_loss", "epoch", "eval_runtime", "grad_norm", "learning_rate", "total_flos", "train_runtime", "eval_samples_per_second"},
		"XGBoost":      {"validation_0-logloss", "validation_0-auc", "train-logloss"},
		"scikit-learn": {"test_accuracy", "best_cv_score", "training_accuracy_score", "training_roc_auc", "n_features"},
		"camel case":   {"valLoss", "trainLoss", "examplesSeen", "learningRate"},
		"machine":      {"loss", "anything", "lr", "system/cpu_utilization_percentage", "system/loss"},
		"mixed scales": {"loss", "alpha", "loss_scale"},
	} {
		for range 5 {
			given := slices.Clone(want)
			rand.Shuffle(len(given), func(i, j int) { given[i], given[j] = given[j], given[i] })
			if got := report.ByUse(given); !slices.Equal(got, want) {
				t.Errorf("%s:\n%q, want\n%q", name, got, want)
				break
			}
		}
	}
	if got := report.ByUse(nil); len(got) > 0 {
		t.Errorf("of nothing it is %q", got)
	}
}

// TestCurveThatIsNotInTheReport: its cell says that there is one, and the line at the end counts it.
func TestCurveThatIsNotInTheReport(t *testing.T) {
	r := report.Report{
		Run: report.Run{Name: "one"}, Outcome: report.Outcome{Status: "FINISHED"},
		Values: report.Values{
			Metrics:   map[string]float64{"loss": 1, "auc": 2, "depth": 3},
			Histories: map[string][]report.Point{"loss": {{Step: 1, Value: 2}, {Step: 2, Value: 1}}, "auc": {}},
		},
	}
	for _, page := range []string{report.Comment(r, 60_000), report.Comment(reread(t, r), 60_000)} {
		for _, want := range []string{"| `loss` | 1 | █▁ |", "| `auc` | 2 | … |", "| `depth` | 3 |  |", "Not shown here: 1 curve."} {
			if !strings.Contains(page, want) {
				t.Errorf("the page lacks %q:\n%s", want, page)
			}
		}
	}
}
