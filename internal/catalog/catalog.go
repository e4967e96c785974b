// Package catalog holds what Digital River's documentation says about its
// webhooks, as data: the event types, the addresses that webhooks are sent
// from, and a sample object for each event type.
//
// Every event type is one line of event-types.tsv; its columns are those of
// [EventType], in the order type, product, category, key, object, replaced_by,
// also_spelled, description. The lines are sorted by type and product.
package catalog

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"sync"
)

// The products whose documentation names event types.
const (
	ProductDigitalRiverAPI = "digital_river_api"
	ProductCommerceAPI     = "commerce_api"
)

// Products returns the products, the default one first.
func Products() []string {
	return []string{ProductDigitalRiverAPI, ProductCommerceAPI}
}

// EventType is an event type as the documentation of one product names it.
// The same type may stand for both products.
type EventType struct {
	Type        string
	Product     string
	Category    string
	Key         bool   // Whether it stands on the "Key event types" page (seed 003).
	Object      string // The resource that its events carry: a file of samples, without extension.
	ReplacedBy  string // The type to use instead, where this one is an older spelling.
	AlsoSpelled string // Another spelling of Type that the documentation uses in places.
	Description string // One short sentence.
}

//go:embed event-types.tsv
var eventTypesTSV string

var eventTypes = sync.OnceValue(func() []EventType { return parseEventTypes(eventTypesTSV) })

// parseEventTypes panics on a malformed line: the file is part of the program.
func parseEventTypes(tsv string) []EventType {
	_, rows, _ := strings.Cut(tsv, "\n")
	var types []EventType
	for row := range strings.Lines(rows) {
		columns := strings.Split(strings.TrimSuffix(row, "\n"), "\t")
		if len(columns) != 8 {
			panic(fmt.Sprintf("event-types.tsv: 8 columns wanted: %q", row))
		}
		types = append(types, EventType{
			Type:        columns[0],
			Product:     columns[1],
			Category:    columns[2],
			Key:         columns[3] == "1",
			Object:      columns[4],
			ReplacedBy:  columns[5],
			AlsoSpelled: columns[6],
			Description: columns[7],
		})
	}
	return types
}

// EventTypes returns every event type, sorted by type and product.
func EventTypes() []EventType {
	return slices.Clone(eventTypes())
}

// Categories returns the categories of the event types, sorted.
func Categories() []string {
	var categories []string
	for _, t := range eventTypes() {
		categories = append(categories, t.Category)
	}
	slices.Sort(categories)
	return slices.Compact(categories)
}

// Lookup returns the event type of that name, the Digital River API's where
// both products have it. Another spelling of a type is found too: the result
// then has the spelling asked for, and ReplacedBy names the usual one.
func Lookup(name string) (EventType, bool) {
	found, ok := byName()[name]
	return found, ok
}

var byName = sync.OnceValue(func() map[string]EventType {
	names := make(map[string]EventType)
	for _, t := range eventTypes() {
		names[t.Type] = t // The Digital River API's line comes last.
		if t.AlsoSpelled != "" {
			other := t
			other.Type, other.AlsoSpelled, other.ReplacedBy = t.AlsoSpelled, "", t.Type
			names[other.Type] = other
		}
	}
	return names
})

// Match returns the names of the event types to subscribe to for a pattern,
// sorted: the name itself, or with `*` in the pattern every name that it
// [Matches]. A pattern with `*` leaves older spellings out, so that an event is
// not asked for twice; naming one gives it [decided].
func Match(pattern string) []string {
	if !strings.Contains(pattern, "*") {
		if _, ok := Lookup(pattern); ok {
			return []string{pattern}
		}
		return nil
	}
	var names []string
	for _, t := range eventTypes() {
		if t.ReplacedBy == "" && Matches(pattern, t.Type) {
			names = append(names, t.Type)
		}
	}
	return slices.Compact(names)
}

// Matches reports whether a pattern covers the name of an event type. Each `*`
// stands for any run of characters, dots included: `order.*` covers every type
// below order, however deep [decided, after the list operation's groups].
func Matches(pattern, name string) bool {
	parts := strings.Split(pattern, "*")
	last := len(parts) - 1
	if last == 0 {
		return pattern == name
	}
	rest, ok := strings.CutPrefix(name, parts[0])
	for _, part := range parts[1:last] {
		if !ok {
			return false
		}
		_, rest, ok = strings.Cut(rest, part)
	}
	return ok && strings.HasSuffix(rest, parts[last])
}
