// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

// Package redact takes out of what is shown to people what they must not see:
// credentials, and characters that control a terminal.
package redact

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// Mark stands in place of a credential.
const Mark = "…"

// URL returns the scheme, host and path of a URL. It leaves out the user name,
// password, query and fragment, where credentials may be. Text that is not a URL
// keeps what comes before a query, but becomes "(invalid URL)" if it has an @,
// which may follow a password.
func URL(raw string) string {
	u, err := url.Parse(raw)
	if err == nil && u.Host != "" {
		shown := url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path, RawPath: u.RawPath}
		return shown.String()
	}
	if strings.Contains(raw, "@") {
		return "(invalid URL)"
	}
	if end := strings.IndexAny(raw, "?#"); end >= 0 {
		return raw[:end]
	}
	return raw
}

// RequestCredentials returns the credentials that a request has in its
// Authorization header and in its query.
func RequestCredentials(r *http.Request) []string {
	_, authorization, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	_, password, _ := r.BasicAuth()
	list := []string{authorization, password, r.URL.RawQuery}
	for _, values := range r.URL.Query() {
		list = append(list, values...)
	}
	return list
}

// Replacer returns what takes credentials out of an endpoint's response, which may
// repeat them. It leaves alone what is too short to be one.
func Replacer(credentials ...string) *strings.Replacer {
	// Longer ones first, in case one contains another.
	slices.SortFunc(credentials, func(a, b string) int { return len(b) - len(a) })
	var pairs []string
	for _, c := range credentials {
		if len(c) >= 4 {
			pairs = append(pairs, c, Mark)
		}
	}
	return strings.NewReplacer(pairs...)
}

// Control returns text with its characters escaped that are not printable, except
// line breaks and tabs.
func Control(text string) string {
	var b strings.Builder
	for _, r := range text {
		if unicode.IsPrint(r) || r == '\n' || r == '\t' {
			b.WriteRune(r)
		} else {
			b.WriteString(strings.Trim(strconv.QuoteRune(r), "'"))
		}
	}
	return b.String()
}
