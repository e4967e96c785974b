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

// Nearest returns up to n event types that a misspelled name or pattern most
// likely means, the likeliest first. It never suggests older spellings.
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
		target := words(t.Type)
		c := candidate{t.Type, partSimilarity(query, target), similarity(query, target)}
		if t.ReplacedBy == "" && c.part >= minSimilarity {
			candidates = append(candidates, c)
		}
	}
	slices.SortStableFunc(candidates, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(b.part, a.part), cmp.Compare(b.whole, a.whole))
	})
	var names []string
	for _, c := range candidates {
		names = append(names, c.name)
	}
	names = slices.Compact(names)
	return names[:min(n, len(names))]
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
