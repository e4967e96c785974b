// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package sandbox

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/catalog"
)

// maxTypesFilter is the number of event types that the parameter types can have.
const maxTypesFilter = 20

// listWebhooks returns the webhooks of the key's mode that pass the filters, in
// the form of the sandbox's reading.
func (s *Sandbox) listWebhooks(c call) (response, error) {
	query, err := c.parameters()
	if err != nil {
		return response{}, err
	}
	var p problems
	matches := typeFilter(&p, query)
	form := s.reading.listForm()
	records, limit := s.store.listWebhooks(c.key.live()), form.maximum
	if !form.oldestFirst {
		slices.Reverse(records)
	}
	if form.cursor {
		limit = pageLimit(&p, query, limit)
		records = startAfter(&p, query, "webhook", records)
	}
	if err := p.err(); err != nil {
		return response{}, err
	}
	var found [][]byte
	more := false
	for _, r := range records {
		if !matches(r.Webhook.Types) {
			continue
		}
		if more = limit > 0 && len(found) == limit; more {
			break
		}
		found = append(found, r.encoded)
	}
	if form.page {
		return jsonResponse(http.StatusOK, encodePage(found, more)), nil
	}
	return jsonResponse(http.StatusOK, encodeArray(found)), nil
}

// typeFilter returns a filter by the query's type, which may be a pattern, or by
// its types, which may be given several times or separated by commas.
func typeFilter(p *problems, query url.Values) func(types []string) bool {
	one, many := query["type"], query["types"]
	switch {
	case len(one) > 0 && len(many) > 0:
		p.add(codeInvalid, "types", "type and types cannot be used together.")
	case len(one) > 1:
		p.add(codeInvalid, "type", "type cannot be given twice.")
	case len(one) == 1:
		return patternFilter(p, one[0])
	case len(many) > 0:
		return anyFilter(p, strings.Split(strings.Join(many, ","), ","))
	}
	return func([]string) bool { return true }
}

func patternFilter(p *problems, pattern string) func(types []string) bool {
	p.expect(catalog.ValidPattern(pattern), "type",
		"type must be an event type such as order.accepted, or a pattern such as order.* or *.")
	return func(types []string) bool {
		return slices.ContainsFunc(types, func(t string) bool { return catalog.Matches(pattern, t) })
	}
}

func anyFilter(p *problems, wanted []string) func(types []string) bool {
	p.expect(len(wanted) <= maxTypesFilter, "types", "types can have at most %d event types.", maxTypesFilter)
	for _, t := range wanted {
		p.expect(catalog.ValidName(t), "types", "types must be event types; %q is not one.", t)
	}
	return func(types []string) bool {
		return slices.ContainsFunc(types, func(t string) bool { return slices.Contains(wanted, t) })
	}
}
