// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package digitalriver

import (
	"encoding/base64"
	"encoding/json"
	"html"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"unicode"
)

const (
	// maxTextLength limits how much of a text an error or a log line repeats, in bytes.
	maxTextLength = 500
	// maxSearchedText limits how much of a text is searched for credentials, in bytes.
	// Nothing beyond it is repeated.
	maxSearchedText = 16 << 10
	// prefixLength is how many characters of the beginning of a credential are as
	// secret as all of it: a text may be cut off.
	prefixLength = 8
	// minEncodedLength is the least number of base64 characters to look for.
	// Credentials of fewer than five bytes have less, and would be found by accident.
	minEncodedLength = 6
)

const (
	redacted = "[redacted]"
	withheld = "[withheld, since it repeats a credential]"
)

// redactor keeps credentials out of text that is not ours. It is safe for concurrent
// use.
type redactor struct {
	mu       sync.RWMutex
	patterns map[string]struct{} // what a text that repeats a credential contains
}

// add makes the redactor know credentials.
func (r *redactor) add(credentials ...string) {
	for _, credential := range credentials {
		if credential != "" {
			r.addPatterns(credential)
		}
	}
}

func (r *redactor) addPatterns(credential string) {
	if runes := []rune(credential); len(runes) > prefixLength {
		credential = string(runes[:prefixLength])
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.patterns == nil {
		r.patterns = make(map[string]struct{})
	}
	if _, ok := r.patterns[credential]; ok {
		return
	}
	r.patterns[credential] = struct{}{}
	for _, pattern := range base64Patterns(credential) {
		r.patterns[pattern] = struct{}{}
	}
}

// base64Patterns returns what the base64 form of any text that contains credential
// contains: its beginning depends on how many bytes precede the credential.
func base64Patterns(credential string) []string {
	var patterns []string
	for preceding := range 3 {
		for _, encoding := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
			encoded := encoding.EncodeToString([]byte(strings.Repeat("\x00", preceding) + credential))
			// The first and the last character may also contain bits of other bytes.
			start, end := (preceding*8+5)/6, (preceding+len(credential))*8/6
			if end-start >= minEncodedLength {
				patterns = append(patterns, encoded[start:end])
			}
		}
	}
	return patterns
}

// Credentials that need not be known to be found: signing secrets, and users in
// URLs.
var (
	signingSecretPattern = regexp.MustCompile(`whk_[0-9A-Za-z-]+`)
	userInURLPattern     = regexp.MustCompile(`//[^/\s"]*@`)
)

// redact returns text as an error or a log line may show it: without credentials, on
// one line and shortened. A text that repeats a known credential in any form is
// withheld altogether.
func (r *redactor) redact(text string) string {
	text = text[:min(len(text), maxSearchedText)]
	if r.findsCredential(text) {
		return withheld
	}
	text = signingSecretPattern.ReplaceAllString(text, redacted)
	text = userInURLPattern.ReplaceAllString(text, "//"+redacted+"@")
	return oneLine(text)
}

func (r *redactor) findsCredential(text string) bool {
	forms := decodedForms(text)
	r.mu.RLock()
	defer r.mu.RUnlock()
	for pattern := range r.patterns {
		for _, form := range forms {
			if strings.Contains(form, pattern) {
				return true
			}
		}
	}
	return false
}

// maxForms limits how many forms of a text are searched. A text that was encoded
// twice has fewer.
const maxForms = 64

// decodedForms returns text and what it means if it was escaped, once or several
// times: for JSON, for a URL, or for HTML.
func decodedForms(text string) []string {
	forms := []string{text}
	known := map[string]struct{}{text: {}}
	for i := 0; i < len(forms) && len(forms) < maxForms; i++ {
		for _, decode := range []func(string) string{html.UnescapeString, unescapeJSON, unescapePath, unescapeQuery} {
			decoded := decode(forms[i])
			if _, ok := known[decoded]; !ok {
				known[decoded] = struct{}{}
				forms = append(forms, decoded)
			}
		}
	}
	return forms
}

var (
	jsonEscapePattern    = regexp.MustCompile(`(\\u[0-9A-Fa-f]{4})+|\\["\\/bfnrt]`)
	percentEscapePattern = regexp.MustCompile(`%[0-9A-Fa-f]{2}`)
)

// unescapeJSON replaces the escape sequences of JSON.
func unescapeJSON(text string) string {
	return jsonEscapePattern.ReplaceAllStringFunc(text, func(escape string) string {
		var decoded string
		if err := json.Unmarshal([]byte(`"`+escape+`"`), &decoded); err != nil {
			return escape
		}
		return decoded
	})
}

// unescapePath replaces percent-encoded bytes, and leaves malformed ones as they are.
func unescapePath(text string) string {
	return percentEscapePattern.ReplaceAllStringFunc(text, func(escape string) string {
		decoded, err := strconv.ParseUint(escape[1:], 16, 8)
		if err != nil {
			return escape
		}
		return string([]byte{byte(decoded)})
	})
}

// unescapeQuery is unescapePath for the query of a URL, where a plus is a space.
func unescapeQuery(text string) string {
	return unescapePath(strings.ReplaceAll(text, "+", " "))
}

// basicAuthentication returns the base64 form of a user and a password.
func basicAuthentication(user, password string) string {
	if password == "" {
		return ""
	}
	return base64.RawStdEncoding.EncodeToString([]byte(user + ":" + password))
}

// oneLine makes text safe to print: one line of at most maxTextLength bytes.
func oneLine(s string) string {
	s = strings.Join(strings.Fields(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "�"))), " ")
	if len(s) > maxTextLength {
		s = strings.ToValidUTF8(s[:maxTextLength], "") + "…"
	}
	return s
}
