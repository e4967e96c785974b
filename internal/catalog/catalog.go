// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

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
	"regexp"
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
// Both products may have the same type.
type EventType struct {
	Type        string
	Product     string
	Category    string
	Key         bool   // Whether the documentation lists it as a key event type.
	Object      string // The resource that its events carry: a file in samples, without extension.
	ReplacedBy  string // The type to use instead, if this one is older or another spelling.
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

// Lookup returns the event type of that name: the Digital River API's if both
// products have it. It also finds another spelling of a type: the result then
// has that spelling, and ReplacedBy names the usual one.
func Lookup(name string) (EventType, bool) {
	for _, product := range Products() {
		if found, ok := LookupIn(product, name); ok {
			return found, true
		}
	}
	return EventType{}, false
}

// LookupIn is [Lookup] for the event types of one product.
func LookupIn(product, name string) (EventType, bool) {
	found, ok := byName()[nameIn{product, name}]
	return found, ok
}

type nameIn struct{ product, name string }

var byName = sync.OnceValue(func() map[nameIn]EventType {
	names := make(map[nameIn]EventType)
	for _, t := range eventTypes() {
		names[nameIn{t.Product, t.Type}] = t
		if t.AlsoSpelled != "" {
			other := t
			other.Type, other.AlsoSpelled, other.ReplacedBy = t.AlsoSpelled, "", t.Type
			names[nameIn{t.Product, other.Type}] = other
		}
	}
	return names
})

// ValidName reports whether a name has the form of an event type: words of
// letters, digits and underscores joined by dots, such as order.accepted. The
// catalog need not have it: accounts may have event types of their own, such as
// AT787.HTTP.Test.
func ValidName(name string) bool { return eventTypeName.MatchString(name) }

// ValidPattern reports whether a pattern for [Matches] can match an event type:
// it is a valid name, or one in which `*` stands for some of the characters.
func ValidPattern(pattern string) bool {
	return ValidName(pattern) || strings.Contains(pattern, "*") && eventTypePattern.MatchString(pattern)
}

var (
	eventTypeName    = regexp.MustCompile(`^[A-Za-z0-9_]+(\.[A-Za-z0-9_]+)+$`)
	eventTypePattern = regexp.MustCompile(`^[A-Za-z0-9_.*]+$`)
)

// Match returns the names of the event types to subscribe to for a pattern,
// sorted: the name itself, or with `*` in the pattern every name that it
// [Matches]. A pattern with `*` leaves out older spellings, so that nobody
// subscribes to one event twice; an older spelling in full returns itself.
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
// below order, however deep, as in the type filter of the API's list operation.
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
