// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"slices"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// stringIn returns a string of a nested attribute, null if that is null.
func stringIn(object types.Object, name string) types.String {
	value, ok := object.Attributes()[name].(types.String)
	if !ok {
		return types.StringNull()
	}
	return value
}

// optionalString returns null for an empty string.
func optionalString(value string) types.String {
	if value == "" {
		return types.StringNull()
	}
	return types.StringValue(value)
}

// timeValue returns a time in the form of RFC 3339, and null for the zero time.
func timeValue(t time.Time) types.String {
	if t.IsZero() {
		return types.StringNull()
	}
	return types.StringValue(t.UTC().Format(time.RFC3339Nano))
}

func stringsOf(list types.List) []string {
	elements := list.Elements()
	values := make([]string, 0, len(elements))
	for _, element := range elements {
		if value, ok := element.(types.String); ok {
			values = append(values, value.ValueString())
		}
	}
	return values
}

func listOf(values []string) types.List {
	elements := make([]attr.Value, len(values))
	for i, value := range values {
		elements[i] = types.StringValue(value)
	}
	return types.ListValueMust(types.StringType, elements)
}

// sameElements reports whether two known lists of strings hold the same elements
// in any order.
func sameElements(a, b types.List) bool {
	if a.IsUnknown() || len(a.Elements()) != len(b.Elements()) {
		return false
	}
	count := make(map[string]int, len(b.Elements()))
	for _, name := range stringsOf(b) {
		count[name]++
	}
	for _, element := range a.Elements() {
		name, ok := element.(types.String)
		if !ok || name.IsUnknown() || count[name.ValueString()] == 0 {
			return false
		}
		count[name.ValueString()]--
	}
	return true
}

// keepOrder returns names in the order of prior, followed by new ones in
// alphabetical order, so that the order of a response never shows as a
// difference.
func keepOrder(prior types.List, names []string) types.List {
	left := make(map[string]bool, len(names))
	for _, name := range names {
		left[name] = true
	}
	ordered := make([]string, 0, len(names))
	for _, name := range stringsOf(prior) {
		if left[name] {
			ordered = append(ordered, name)
			delete(left, name)
		}
	}
	if len(left) == 0 && len(ordered) == len(prior.Elements()) {
		return prior
	}
	kept := len(ordered)
	for name := range left {
		ordered = append(ordered, name)
	}
	slices.Sort(ordered[kept:])
	return listOf(ordered)
}
