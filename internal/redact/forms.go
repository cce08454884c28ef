package redact

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// forms are the ways in which a secret is written: as it is, and as the usual programs escape it. Those that are shorter
// than MinLength are left out.
func forms(secret string) []string {
	all := []string{secret, strings.Join(strings.Fields(secret), " "), hex.EncodeToString([]byte(secret)), strings.ToUpper(hex.EncodeToString([]byte(secret)))}
	all = append(all, base64Forms(secret)...)
	if strings.ContainsFunc(secret, escaped) {
		all = append(all, escapedForms(secret)...)
	}
	long := all[:0]
	for _, form := range all {
		if len(form) >= MinLength {
			long = append(long, form)
		}
	}
	return long
}

// escaped reports whether any program escapes a character.
func escaped(r rune) bool {
	return r >= utf8.RuneSelf || !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("-_.", r)
}

// escapedForms are those that differ from the secret only where it has characters that are escaped.
func escapedForms(secret string) []string {
	all := urlForms(secret)
	for _, form := range quotedForms(secret) {
		all = append(all, form)
		if strings.ContainsRune(form, '\\') { // JSON inside of JSON
			all = append(all, quotedForms(form)...)
		}
	}
	return all
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
		all = append(all, lowerHex(form), strings.ReplaceAll(form, "%", "%25")) // a URL inside of a URL
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

// quotedForms are the secret inside of the quotes of JSON, Go, Python and a shell. What HTML quotes is found as it is read.
func quotedForms(secret string) []string {
	all := []string{inside(strconv.Quote(secret)), inside(strconv.QuoteToASCII(secret)), strings.ReplaceAll(secret, "'", `'\''`)}
	plain := strings.ReplaceAll(secret, `\`, `\\`)
	for _, python := range []string{plain, strings.ReplaceAll(plain, "'", `\'`)} {
		all = append(all, python, pythonASCII(python), pythonBytes(python))
	}
	if text, err := json.Marshal(secret); err == nil { // with \u003c for <
		all = append(all, inside(string(text)))
	}
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if encoder.Encode(secret) == nil {
		form := inside(strings.TrimSuffix(b.String(), "\n"))
		all = append(all, form, strings.ReplaceAll(form, "/", `\/`))
	}
	return all
}

// pythonASCII writes what is not ASCII as Python's ascii does.
func pythonASCII(text string) string {
	const latin1 = 0x100
	var b strings.Builder
	for _, r := range text {
		switch {
		case r < utf8.RuneSelf:
			b.WriteRune(r)
		case r < latin1:
			fmt.Fprintf(&b, `\x%02x`, r)
		default:
			b.WriteString(inside(strconv.QuoteRuneToASCII(r)))
		}
	}
	return b.String()
}

// pythonBytes writes what is not ASCII as the repr of Python's bytes does.
func pythonBytes(text string) string {
	var b strings.Builder
	for _, c := range []byte(text) {
		if c < utf8.RuneSelf {
			b.WriteByte(c)
			continue
		}
		fmt.Fprintf(&b, `\x%02x`, c)
	}
	return b.String()
}

// inside is a text without the quotes around it.
func inside(quoted string) string { return quoted[1 : len(quoted)-1] }
