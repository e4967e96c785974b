// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package catalog

import (
	"cmp"
	"slices"
	"strings"

	"github.com/agext/levenshtein"
)

// minSimilarity is the least similarity of a suggestion, from 0 to 1. It is low
// because a type that shares only the first word is worth showing.
const minSimilarity = 0.3

// Nearest returns up to n event types that a misspelled name most likely means, or
// patterns of event types for a misspelled pattern. The likeliest comes first. It
// never suggests older spellings.
func Nearest(name string, n int) []string {
	type candidate struct {
		name        string
		part, whole float64
	}
	query := words(name)
	if len(query) == 0 {
		return nil
	}
	var candidates []candidate
	for _, t := range eventTypes() {
		if t.ReplacedBy != "" {
			continue
		}
		for _, suggestion := range likePattern(name, t.Type) {
			target := words(suggestion)
			c := candidate{suggestion, partSimilarity(query, target), similarity(query, target)}
			if c.part >= minSimilarity {
				candidates = append(candidates, c)
			}
		}
	}
	slices.SortFunc(candidates, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(b.part, a.part), cmp.Compare(b.whole, a.whole), cmp.Compare(a.name, b.name))
	})
	var names []string
	for _, c := range candidates {
		names = append(names, c.name)
	}
	names = slices.Compact(names)
	return names[:min(n, len(names))]
}

// likePattern returns what to suggest of a type for a misspelled name: the type. For
// a pattern that ends or begins with *, it is each pattern of that form that matches
// the type, such as order.* for order.accepted.
func likePattern(misspelled, eventType string) []string {
	parts := strings.Split(eventType, ".")
	var patterns []string
	for i := 1; i < len(parts); i++ {
		switch {
		case strings.HasSuffix(misspelled, "*"):
			patterns = append(patterns, strings.Join(parts[:i], ".")+".*")
		case strings.HasPrefix(misspelled, "*"):
			patterns = append(patterns, "*."+strings.Join(parts[i:], "."))
		}
	}
	if strings.Contains(misspelled, "*") {
		return patterns
	}
	return []string{eventType}
}

// partSimilarity compares the query with the whole name and with each run of
// the same number of words in it, so that `acepted` finds order.accepted.
func partSimilarity(query, name []string) float64 {
	best := similarity(query, name)
	for i := 0; i+len(query) <= len(name); i++ {
		best = max(best, similarity(query, name[i:i+len(query)]))
	}
	return best
}

func similarity(a, b []string) float64 {
	return levenshtein.Similarity(strings.Join(a, "."), strings.Join(b, "."), nil)
}

// words splits a name or pattern into its words, in lower case.
func words(name string) []string {
	return strings.FieldsFunc(strings.ToLower(name), func(r rune) bool { return strings.ContainsRune("._*", r) })
}
