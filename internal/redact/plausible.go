package redact

import (
	_ "embed"
	"math"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	// longestWord is the length up to which letters of one case count as a word.
	longestWord = 15

	// mostWords and mostDigits are what a placeholder or a name such as test-db-2 has at most.
	mostWords  = 3
	mostDigits = 4
)

// Plausible reports whether a value that only its name makes a secret may be one: long enough, and neither made of words nor a
// placeholder. Variables such as AUTH=refreshing or POSTGRES_PASSWORD=postgres hold words, and to mask those would make the log
// and the report unreadable.
func Plausible(value string) bool {
	value = strings.TrimSpace(value)
	if len(value) < MinLength {
		return false
	}
	different := map[rune]bool{}
	for _, c := range value {
		different[c] = true
	}
	return len(different) > 3 && !word(value) && !sequenceOf(value) && !madeOf(value, plain) && !placeholder(value)
}

// random reports whether a value looks like no word, path or address, so that it is a secret where its name leaves that open.
func random(value string) bool {
	const shortest, long, bits = 10, 20, 3.0
	value = strings.TrimSpace(value)
	if len(value) < shortest || !Plausible(value) || madeOf(value, listed) || entropy(value) < bits || isPath(value) || strings.Contains(value, "://") {
		return false
	}
	letters := strings.ContainsFunc(value, unicode.IsLetter)
	digits := strings.ContainsFunc(value, unicode.IsDigit)
	return letters && digits || letters && len(value) >= long && !strings.ContainsAny(value, " \t")
}

// isPath reports whether a value is where a secret is, such as /run/secrets/key or C:\key.pem.
func isPath(value string) bool {
	if strings.ContainsAny(value, "\n\"{") {
		return false
	}
	drive := len(value) > 2 && value[1] == ':' && (value[2] == '\\' || value[2] == '/')
	return drive || strings.HasPrefix(value, "/") || strings.HasPrefix(value, "./") || strings.HasPrefix(value, "../") || strings.HasPrefix(value, "~/")
}

// entropy is that of the characters of a text, in bits for each.
func entropy(text string) float64 {
	counts, all := map[rune]int{}, 0
	for _, c := range text {
		counts[c]++
		all++
	}
	sum := 0.0
	for _, n := range counts {
		p := float64(n) / float64(all)
		sum -= p * math.Log2(p)
	}
	return sum
}

// word reports whether a value is letters of one case, but for the first.
func word(value string) bool {
	if utf8.RuneCountInString(value) > longestWord {
		return false
	}
	_, first := utf8.DecodeRuneInString(value)
	rest := value[first:]
	letters := !strings.ContainsFunc(value, func(c rune) bool { return !unicode.IsLetter(c) })
	return letters && (rest == strings.ToLower(rest) || value == strings.ToUpper(value))
}

// sequenceOf reports digits in their order, such as 12345678.
func sequenceOf(value string) bool {
	const up, down = "01234567890123456789", "98765432109876543210"
	return strings.Contains(up, value) || strings.Contains(down, value)
}

// madeOf reports whether a value is a few words, and a short number at most: changeme123, test-token.
func madeOf(value string, known func(word string) bool) bool {
	digits := 0
	for _, c := range value {
		switch {
		case unicode.IsDigit(c):
			digits++
		case !unicode.IsLetter(c) && !strings.ContainsRune("-_. ", c):
			return false
		}
	}
	parts := words(value)
	return digits <= mostDigits && len(parts) > 0 && len(parts) <= mostWords && !slices.ContainsFunc(parts, func(w string) bool { return !known(w) })
}

// plain reports whether a word is one of plainWords, or two of them.
func plain(word string) bool {
	if in(word, plainWords) {
		return true
	}
	for i := range word {
		if in(word[:i], plainWords) && in(word[i:], plainWords) {
			return true
		}
	}
	return false
}

// listed reports whether a word is in gitleaks' list of those that tell a name from a secret, or plain.
func listed(word string) bool {
	return plain(word) || strings.Contains(stopWords, "\n"+word+"\n")
}

// plainWords are those that people write where a secret would be.
const plainWords = "a admin bar basic baz bearer change changeit ci cookie credential database db default demo dev development digest disabled " +
	"docker dummy enabled example fake foo guest hello here insert key letmein local localhost login lm main master me minio mlflow mongo my " +
	"mysql needed no none not null oauth pass passwd password placeholder postgres postgresql prod production public qwerty rabbitmq read readonly " +
	"real redacted redis replace required root sample secret some stage staging studio test testing this to todo token train training user username welcome " +
	"with word world xxx your"

// placeholder reports whether a value stands for another, such as ${TOKEN}, or is a path, by gitleaks' rules. It is not empty.
func placeholder(value string) bool {
	if strings.IndexByte("${%@/", value[0]) < 0 { // what the other rules find is found already
		return false
	}
	for line := range strings.Lines(allowed) {
		if line = strings.TrimSpace(line); line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if rule, err := regexp.Compile("^(?:" + line + ")$"); err == nil && rule.MatchString(value) {
			return true
		}
	}
	return false
}

//go:embed gitleaks/words.txt
var stopWords string

//go:embed gitleaks/allowed.txt
var allowed string
