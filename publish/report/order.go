package report

import (
	"cmp"
	"slices"
	"strings"
	"unicode"
)

// ByUse sorts the names of metrics in the order in which a reader looks for them: losses and the usual scores, then all others, then
// what only accompanies a training, as the learning rate, and the machine's at the end, by the alphabet. Among the former, values of validation and test
// go before those without a split, those before values of training; then the fewer words a name has the earlier it is,
// so that a mean goes before its classes; then the alphabet decides.
func ByUse(names []string) []string {
	uses, words := make(map[string]use, len(names)), newVocabulary()
	for _, name := range names {
		uses[name] = words.useOf(name)
	}
	return slices.SortedFunc(slices.Values(names), func(a, b string) int {
		x, y := uses[a], uses[b]
		return cmp.Or(
			cmp.Compare(x.class, y.class), cmp.Compare(x.split, y.split), cmp.Compare(x.rank, y.rank), cmp.Compare(x.words, y.words),
			strings.Compare(a, b),
		)
	})
}

// use is what a metric is for, as far as its name tells.
type use struct {
	class int // main, other, accompanying, of the machine
	split int // validation or test, none, training
	rank  int // among the main ones
	words int
}

const (
	mainClass = iota
	otherClass
	accompanying
	ofMachine
)

const (
	heldOut = iota
	noSplit
	ofTraining
)

// vocabulary is what words in the name of a metric tell.
type vocabulary struct {
	splits map[string]int // heldOut or ofTraining
	main   map[string]int // the rank
	beside map[string]bool
}

func newVocabulary() vocabulary {
	v := vocabulary{splits: map[string]int{}, main: map[string]int{}, beside: map[string]bool{}}
	for _, word := range trainingWords() {
		v.splits[word] = ofTraining
	}
	for _, word := range heldOutWords() {
		v.splits[word] = heldOut
	}
	for rank, word := range mainWords() {
		v.main[word] = rank
	}
	for _, word := range accompanyingWords() {
		v.beside[word] = true
	}
	return v
}

// useOf reads a name as words: "val/roc_auc", "validation_0-logloss" and "trainAccuracy" are written in some framework's way each.
func (v vocabulary) useOf(name string) use {
	words := wordsOf(name)
	u := use{class: otherClass, split: noSplit, words: len(words)}
	for _, word := range words {
		if split, known := v.splits[word]; known && u.split != heldOut {
			u.split = split
		}
		switch rank, known := v.main[word]; {
		case known && (u.class != mainClass || rank < u.rank):
			u.class, u.rank = mainClass, rank
		case u.class == otherClass && v.beside[word]: // train_loss_step is a loss
			u.class = accompanying
		}
	}
	whole := strings.Join(words, " ")
	if slices.ContainsFunc(accompanyingPhrases(), func(phrase string) bool { return strings.Contains(whole, phrase) }) {
		u.class, u.rank = accompanying, 0
	}
	switch {
	case sampled(name):
		return use{class: ofMachine}
	case u.class == accompanying:
		u.split = noSplit
	}
	return u
}

func heldOutWords() []string {
	return []string{"val", "valid", "validation", "eval", "evaluation", "dev", "test", "holdout", "oof", "cv"}
}

func trainingWords() []string { return []string{"train", "training", "fit"} }

// mainWords are what models are judged by, the objective first.
func mainWords() []string {
	return []string{
		"loss", "logloss", "mlogloss", "objective", "error", "accuracy", "acc", "auc", "auroc", "auprc", "f1", "fbeta", "precision", "recall",
		"map", "ap", "iou", "miou", "dice", "mcc", "kappa", "rmse", "mse", "mae", "mape", "smape", "rmsle", "r2", "ndcg", "mrr", "bleu", "rouge", "wer",
		"cer", "perplexity", "ppl", "fid", "psnr", "ssim", "score", "reward", "return",
	}
}

// accompanyingWords are what is logged beside.
func accompanyingWords() []string {
	return []string{
		"lr", "momentum", "epoch", "epochs", "iteration", "iterations", "step", "steps", "time", "runtime", "seconds", "sec", "duration", "throughput", "memory",
		"mem", "gpu", "cpu", "samples", "tokens", "flos", "flops", "progress", "temperature",
	}
}

func accompanyingPhrases() []string {
	return []string{"learning rate", "weight decay", "grad norm", "gradient norm", "grad scale", "loss scale", "per second"}
}

// wordsOf cuts a name at everything that is neither letter nor digit, and where a capital follows a small letter.
func wordsOf(name string) []string {
	var b strings.Builder
	small := false
	for _, r := range name {
		if small && unicode.IsUpper(r) {
			b.WriteByte(' ')
		}
		small = unicode.IsLower(r)
		b.WriteRune(unicode.ToLower(r))
	}
	return strings.FieldsFunc(b.String(), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}
