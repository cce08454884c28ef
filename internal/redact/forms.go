package redact

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"html"
	"net/url"
	"strconv"
	"strings"
)

// forms are the ways in which a secret is written: as it is, and as the usual programs escape it. Those that are shorter
// than MinLength are left out.
func forms(secret string) []string {
	all := []string{secret}
	all = append(all, base64Forms(secret)...)
	all = append(all, urlForms(secret)...)
	all = append(all, quotedForms(secret)...)
	long := all[:0]
	for _, form := range all {
		if len(form) >= MinLength {
			long = append(long, form)
		}
	}
	return long
}

// base64Forms are the characters that the secret makes in base64, at each of the three ways in which it can lie in the
// groups of three bytes. A character that the bytes before or behind it change belongs to none; where the data end with the
// secret its last character does, padded or not.
func base64Forms(secret string) []string {
	const bits = 6 // a character has
	var all []string
	for _, coding := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		for before := range 3 {
			text := coding.EncodeToString([]byte(strings.Repeat("\x00", before) + secret))
			start := (before*8 + bits - 1) / bits
			all = append(all, text[start:], text[start:(before+len(secret))*8/bits])
		}
	}
	return all
}

// urlForms are the secret as a part of a URL, by the rules of the usual libraries, which differ in what they leave alone.
func urlForms(secret string) []string {
	all := []string{url.QueryEscape(secret), url.PathEscape(secret), url.UserPassword("", secret).String()[1:]}
	for _, plain := range []string{
		"",                 // RFC 3986
		"/",                // Python's urllib.parse.quote
		"!'()*",            // encodeURIComponent of JavaScript
		";,/?:@&=+$#!'()*", // encodeURI of JavaScript
	} {
		all = append(all, percent(secret, plain))
	}
	for _, form := range all {
		all = append(all, lowerHex(form))
	}
	return all
}

// percent writes each byte as %XX but letters, digits, -._~ and those of plain.
func percent(text, plain string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(text) {
		c := text[i]
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', strings.IndexByte("-._~"+plain, c) >= 0:
			b.WriteByte(c)
		default:
			b.Write([]byte{'%', hex[c>>4], hex[c&15]})
		}
	}
	return b.String()
}

// lowerHex writes the digits of %XX in lower case.
func lowerHex(escaped string) string {
	text := []byte(escaped)
	for i := 0; i+2 < len(text); i++ {
		if text[i] == '%' {
			copy(text[i+1:i+3], bytes.ToLower(text[i+1:i+3]))
			i += 2
		}
	}
	return string(text)
}

// quotedForms are the secret inside of the quotes of JSON, Go, Python, a shell and HTML.
func quotedForms(secret string) []string {
	all := []string{
		inside(strconv.Quote(secret)), inside(strconv.QuoteToASCII(secret)),
		strings.ReplaceAll(inside(strconv.Quote(secret)), `\"`, `"`),
		strings.ReplaceAll(secret, "'", `'\''`),
		html.EscapeString(secret),
	}
	if text, err := json.Marshal(secret); err == nil { // with \u003c for <
		all = append(all, inside(string(text)))
	}
	var b bytes.Buffer
	plain := json.NewEncoder(&b)
	plain.SetEscapeHTML(false)
	if plain.Encode(secret) == nil {
		form := inside(strings.TrimSuffix(b.String(), "\n"))
		all = append(all, form, strings.ReplaceAll(form, "/", `\/`))
	}
	return all
}

// inside is a text without the quotes around it.
func inside(quoted string) string { return quoted[1 : len(quoted)-1] }
