package settings

import (
	"regexp"
	"slices"
	"strings"
)

// Accounts returns the AWS accounts that mask-aws-account-id hides, as far as they can be known before anything is asked or
// printed: those in the settings, from every source, and in the ARNs of other texts. Without that setting there are none. A value
// of it that Parse rejects counts as true: the error may show an account.
func Accounts(src Sources, others []string) []string {
	p := newParser(src)
	switch strings.ToLower(p.text("mask-aws-account-id")) {
	case "false", "f", "0":
		return nil
	}
	texts := slices.Concat(others, src.Tags)
	for _, s := range All() {
		texts = append(texts, p.candidates(s)...)
	}
	found := AccountsIn(texts...)
	for _, s := range []string{"allowed-account-ids", "role-to-assume"} {
		for _, value := range p.candidates(p.settings[s]) {
			found = append(found, accountID.FindAllString(value, -1)...)
		}
	}
	return found
}

// AccountsIn returns the AWS accounts in the ARNs of some texts.
func AccountsIn(texts ...string) []string {
	var found []string
	for _, text := range texts {
		for _, match := range inARN.FindAllStringSubmatch(text, -1) {
			found = append(found, match[1])
		}
	}
	return found
}

var (
	// inARN finds the account of an ARN, arn:aws:iam::123456789012:role/train. It may be mistyped.
	inARN = regexp.MustCompile(`\barn:[a-z0-9-]+:[a-z0-9-]*:[a-z0-9-]*:(\d{6,})`)

	// accountID is one that stands by itself, or with a digit too few or too many.
	accountID = regexp.MustCompile(`\d{11,13}`)
)
