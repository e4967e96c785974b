package digitalriver

import (
	"html"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// maxTextLength limits how much of a text an error or a log line repeats, in bytes.
const maxTextLength = 500

// redactor removes credentials from text that is not ours.
type redactor struct {
	replacer *strings.Replacer
}

const redacted = "[redacted]"

// Credentials that need not be known to be found: signing secrets, and users in
// URLs.
var (
	signingSecretPattern = regexp.MustCompile(`whk_[0-9A-Za-z-]+`)
	userInURLPattern     = regexp.MustCompile(`//[^/\s"]*@`)
)

func newRedactor(credentials ...string) *redactor {
	// The longest comes first, since one may be part of another.
	slices.SortFunc(credentials, func(a, b string) int { return len(b) - len(a) })
	var pairs []string
	for _, credential := range slices.DeleteFunc(credentials, isEmpty) {
		quoted := encode(credential)
		for _, form := range []string{
			credential,
			string(quoted[1 : len(quoted)-1]),
			url.QueryEscape(credential),
			url.PathEscape(credential),
			html.EscapeString(credential),
		} {
			pairs = append(pairs, form, redacted)
		}
	}
	return &redactor{replacer: strings.NewReplacer(pairs...)}
}

// redact returns text without credentials, on one line and shortened.
func (r *redactor) redact(text string) string {
	text = r.replacer.Replace(text)
	text = signingSecretPattern.ReplaceAllString(text, redacted)
	text = userInURLPattern.ReplaceAllString(text, "//"+redacted+"@")
	return oneLine(text)
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

func isEmpty(s string) bool { return s == "" }
