// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package sandbox

import (
	"bytes"
	"encoding/json"
	"net/url"
	"slices"
	"strconv"
)

const (
	defaultLimit = 10
	maxLimit     = 100
)

// pageLimit returns the size of a page that the query asks for, or the default.
func pageLimit(p *problems, query url.Values, otherwise int) int {
	if !query.Has("limit") {
		return otherwise
	}
	limit, err := strconv.Atoi(query.Get("limit"))
	p.expect(err == nil && limit >= 1 && limit <= maxLimit, "limit", "limit must be a number from 1 to %d.", maxLimit)
	return limit
}

// startAfter returns the objects of a list after the one that the query's
// startingAfter names, or all without it.
func startAfter[T object](p *problems, query url.Values, kind string, list []T) []T {
	if !query.Has("startingAfter") {
		return list
	}
	id := query.Get("startingAfter")
	i := slices.IndexFunc(list, func(o T) bool { return o.id() == id })
	p.expect(i >= 0, "startingAfter", "startingAfter: there is no %s %q.", kind, id)
	return list[i+1:]
}

// endBefore returns the objects of a list before the one that the query's
// endingBefore names.
func endBefore[T object](p *problems, query url.Values, kind string, list []T) []T {
	id := query.Get("endingBefore")
	i := slices.IndexFunc(list, func(o T) bool { return o.id() == id })
	p.expect(i >= 0, "endingBefore", "endingBefore: there is no %s %q.", kind, id)
	return list[:max(i, 0)]
}

// encodeArray returns a JSON array of encoded items.
func encodeArray(items [][]byte) []byte {
	return slices.Concat([]byte("["), bytes.Join(items, []byte(",")), []byte("]"))
}

// encodePage returns a page of a list in the form that most lists of the API
// have.
func encodePage(items [][]byte, more bool) []byte {
	return encode(struct {
		Data    json.RawMessage `json:"data"`
		HasMore bool            `json:"hasMore"`
	}{encodeArray(items), more})
}
