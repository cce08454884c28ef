package redact

import (
	"slices"
	"strings"
	"unicode"
)

// strength is what a name says about its value.
type strength int

const (
	nothing strength = iota
	hint             // a value that looks random is a secret: KEY, AUTH, COOKIE
	secret           // any value is a secret that is not a word: TOKEN, PASSWORD
)

// SecretName reports whether a name is one that people give to secrets.
func SecretName(name string) bool { return nameStrength(name) == secret }

// nameStrength judges a name by its words: OPENAI_API_KEY, apiKey, INPUT_GITHUB-TOKEN, DB_PASS_2.
func nameStrength(name string) strength {
	all := words(name)
	if strings.HasSuffix(strings.Join(all, " "), "connection string") {
		return secret
	}
	for len(all) > 1 && in(all[len(all)-1], neutralWords) {
		all = all[:len(all)-1]
	}
	if len(all) == 0 {
		return nothing
	}
	if last := all[len(all)-1]; in(last, propertyWords) {
		return ofProperty(all[:len(all)-1], last)
	}
	strongest := nothing
	for i := range all {
		says := wordStrength(all, i)
		if i < len(all)-1 { // DATABASE_PASSWORD_NEXT may be one, --token-embedding is none
			says = min(says, hint)
		}
		strongest = max(strongest, says)
	}
	return strongest
}

// ofProperty judges a name that ends in what is mostly no secret. An id is part of some credentials, and some addresses are.
func ofProperty(before []string, last string) strength {
	if len(before) == 0 {
		return nothing
	}
	of := before[len(before)-1]
	switch {
	case last == "id" && of == "key" && slices.Contains(before, "access"):
		return secret
	case last == "id" && in(of, "secret session role"), in(last, "url uri urls uris") && in(of, addressWords):
		return hint
	}
	return nothing
}

// wordStrength judges one word of a name.
func wordStrength(all []string, i int) strength {
	word, before := all[i], ""
	if i > 0 {
		before = all[i-1]
	}
	last := i == len(all)-1
	switch {
	case word == "token" && in(before, modelTokens), word == "pwd" && len(all) == 1:
		return nothing // a token of a language model; the folder of a shell
	case in(word, secretWords), last && in(word, "pass pat sas passcode"), joined(word), in(word, "key keys") && in(before, secretKeys):
		return secret
	case last && in(word, "key keys") && !in(before, plainKeys), last && in(word, hintWords):
		return hint
	}
	return nothing
}

// joined reports whether a word is several that were written together: PGPASSWORD, SSHPASS, APIKEY.
func joined(word string) bool {
	for _, end := range []string{"token", "secret", "password", "passwd", "passphrase", "apikey", "accesskey", "secretkey", "privatekey"} {
		if strings.HasSuffix(word, end) {
			return true
		}
	}
	return strings.HasSuffix(word, "pass") && !in(word, passWords)
}

// The words that names are judged by.
const (
	secretWords  = "secret secrets password passwords passwd passphrase pwd token jwt credential credentials creds cred"
	hintWords    = "tokens auth authorization cookie cookies session salt cert certificate bearer pw pin otp hmac signature webhook webhooks dsn"
	addressWords = "webhook webhooks dsn sas" // their path or query is the secret
	secretKeys   = "api app access secret private signing encryption account storage master deploy ssh sa license service client auth crypt " +
		"subscription integration ingestion write instrumentation"
	plainKeys = "public primary foreign sort partition hash range cache group comment idempotency join index object bucket metric file sample " +
		"batch label feature map dict row column unique natural config registry model dataset " +
		"experiment run checkpoint seed split"
	modelTokens = "pad eos bos unk mask cls sep special stop start end image audio control tool next first last per"
	passWords   = "pass bypass compass trespass encompass surpass underpass overpass askpass"

	// neutralWords say which one a secret is, or how it is written.
	neutralWords = "json yaml data config header value string text content contents pem raw encoded base b " +
		"prod production staging stage dev test ci read write readonly ro rw old new primary secondary backup main default"

	// propertyWords end a name that says something about a secret.
	propertyWords = "permissions permission url urls uri uris endpoint host hostname port server domain name names file files filename path paths " +
		"dir directory folder location type types kind length len size count counts limit limits max min ttl expiry expires expiration " +
		"lifetime timeout duration age interval rotation column columns field fields prefix suffix region arn enabled enable disabled disable " +
		"mode method methods algorithm algo policy policies scope scopes audience issuer required optional provider providers store backend " +
		"manager driver plugin helper command cmd parallelism index user username email role group env variable var id format encoding " +
		"charset sock socket strategy rate budget ratio window usage used total price cost project org organization tenant owner title " +
		"description status state check version"
)

// in reports whether a word is in a list of words with spaces between them.
func in(word, list string) bool {
	if word == "" {
		return false
	}
	for from := 0; ; {
		i := strings.Index(list[from:], word)
		if i < 0 {
			return false
		}
		start, end := from+i, from+i+len(word)
		if (start == 0 || list[start-1] == ' ') && (end == len(list) || list[end] == ' ') {
			return true
		}
		from = end
	}
}

// words are those of a name, in lower case and without digits: at separators, digits and the humps of camel case.
func words(name string) []string {
	var all []string
	runes := []rune(name)
	start := 0
	end := func(i int) {
		if word := strings.ToLower(string(runes[start:i])); word != "" && word != "v" {
			all = append(all, word)
		}
		start = i
	}
	for i, r := range runes {
		switch {
		case !unicode.IsLetter(r):
			end(i)
			start = i + 1
		case i > start && unicode.IsUpper(r) && (unicode.IsLower(runes[i-1]) || i+1 < len(runes) && unicode.IsLower(runes[i+1])):
			end(i)
		}
	}
	end(len(runes))
	return all
}
