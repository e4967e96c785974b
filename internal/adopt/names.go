// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package adopt

import (
	"cmp"
	"encoding/hex"
	"net/url"
	"slices"
	"strings"
	"unicode"

	"github.com/google/uuid"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/digitalriver"
)

const (
	maxNameLength = 60 // in bytes, without the suffix of an ID
	suffixLength  = 8

	// A word of a path is taken for a token, not for a name, if it is this long and
	// has a digit, or if it is twice as long.
	minTokenLength = 16
)

// resourceNames returns a name for the resource of each webhook, by ID. Names are
// made from addresses. Of several webhooks with the same name, the oldest gets it,
// and the others get a suffix from their ID: so a webhook that is created later
// changes no name (D51).
func resourceNames(webhooks []*digitalriver.Webhook) map[string]string {
	oldestFirst := slices.SortedFunc(slices.Values(webhooks), func(a, b *digitalriver.Webhook) int {
		return cmp.Or(a.CreatedTime.Compare(b.CreatedTime), cmp.Compare(a.ID, b.ID))
	})
	names := make(map[string]string, len(webhooks))
	taken := make(map[string]bool, len(webhooks))
	for _, w := range oldestFirst {
		base := nameFromAddress(w.Address)
		name, suffix := base, suffixFromID(w.ID)
		for n := suffixLength; taken[name]; n++ {
			if n > len(suffix) {
				suffix += "_"
			}
			name = base + "_" + suffix[:min(n, len(suffix))]
		}
		names[w.ID], taken[name] = name, true
	}
	return names
}

// suffixFromID returns the letters and digits of an ID, followed by what makes them
// unique.
func suffixFromID(id string) string {
	letters := strings.Map(func(r rune) rune {
		if r < unicode.MaxASCII && isWordCharacter(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, id)
	return letters + hex.EncodeToString([]byte(id))
}

// nameFromAddress returns the host and the path of an address as an identifier. It
// leaves out what may be a credential: user, query, fragment and tokens in the path.
func nameFromAddress(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return "webhook"
	}
	words := wordsOf(u.Host)
	for segment := range strings.SplitSeq(u.Path, "/") {
		if !isToken(segment) {
			words = append(words, wordsOf(segment)...)
		}
	}
	name := ""
	for _, word := range words {
		if len(name)+len(word) > maxNameLength {
			break
		}
		name += "_" + strings.ToLower(word)
	}
	name = strings.TrimPrefix(name, "_")
	switch withPrefix := "webhook_" + name; {
	case hclsyntax.ValidIdentifier(name):
		return name
	case name != "" && hclsyntax.ValidIdentifier(withPrefix):
		return withPrefix
	default: // It has no words, or letters that HCL does not know.
		return "webhook"
	}
}

func wordsOf(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return !isWordCharacter(r) })
}

func isWordCharacter(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

// mayHaveCredentials reports whether an address has a part that may be a credential.
func mayHaveCredentials(address string) bool {
	u, err := url.Parse(address)
	return err != nil || u.User != nil || u.RawQuery != "" || u.Fragment != "" ||
		slices.ContainsFunc(strings.Split(u.Path, "/"), isToken)
}

// isToken reports whether a segment of a path looks as if it was made by a program
// rather than named by a person.
func isToken(segment string) bool {
	if uuid.Validate(segment) == nil {
		return true
	}
	mixed := strings.ContainsFunc(segment, unicode.IsUpper) && strings.ContainsFunc(segment, unicode.IsLower) &&
		strings.ContainsFunc(segment, unicode.IsDigit)
	if mixed && len(segment) >= minTokenLength {
		return true
	}
	return slices.ContainsFunc(wordsOf(segment), func(word string) bool {
		hasDigit := strings.ContainsFunc(word, unicode.IsDigit)
		return hasDigit && len(word) >= minTokenLength || len(word) >= 2*minTokenLength
	})
}
