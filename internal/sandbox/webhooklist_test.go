// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package sandbox_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/sandbox"
)

// eventTypes returns n event types separated by commas.
func eventTypes(n int) string {
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprintf("event.n%d", i)
	}
	return strings.Join(names, ",")
}

func TestListFilters(t *testing.T) {
	s := start(t, sandbox.Options{})
	s.callAs(liveKey, 201, "POST", "/webhooks", simpleWebhook)
	ids := map[string]string{}
	for _, name := range []string{"order.accepted", "order.charge.pending", "refund.complete", "orders.x"} {
		ids[name] = s.create(`{"types":["` + name + `","x.y"],"address":"https://x"}`)
	}
	for query, want := range map[string][]string{
		"":                                      {"order.accepted", "order.charge.pending", "refund.complete", "orders.x"},
		"?type=order.accepted":                  {"order.accepted"},
		"?type=order.*":                         {"order.accepted", "order.charge.pending"},
		"?type=order.charge.*":                  {"order.charge.pending"},
		"?type=order.charge":                    {},
		"?types=order.accepted":                 {"order.accepted"},
		"?type=*":                               {"order.accepted", "order.charge.pending", "refund.complete", "orders.x"},
		"?type=order*":                          {"order.accepted", "order.charge.pending", "orders.x"},
		"?type=*.acc*":                          {"order.accepted"},
		"?types=refund.complete,orders.x,no.no": {"refund.complete", "orders.x"},
		"?types=refund.complete&types=orders.x": {"refund.complete", "orders.x"},
		"?types=no.no&types=no.no,orders.x":     {"orders.x"},
		"?types=refund.complete%2Corders.x":     {"refund.complete", "orders.x"},
		"?type=no.no":                           {},
		"?types=" + eventTypes(20):              {},
	} {
		wanted := []string{}
		for _, name := range slices.Backward(want) {
			wanted = append(wanted, ids[name])
		}
		equal(t, query, s.ids("/webhooks"+query), wanted)
	}
	for query, want := range map[string]string{
		"?type=a.b&types=a.b":                "invalid_parameter types",
		"?type=a.b&type=a.b":                 "invalid_parameter type",
		"?types=a.b&types=":                  "invalid_parameter types",
		"?type=":                             "invalid_parameter type",
		"?types=":                            "invalid_parameter types",
		"?type=order":                        "invalid_parameter type",
		"?type=order-*":                      "invalid_parameter type",
		"?types=a.b&types=" + eventTypes(20): "invalid_parameter types",
		"?types=order.*":                     "invalid_parameter types",
		"?types=a.b,":                        "invalid_parameter types",
		"?types=" + eventTypes(21):           "invalid_parameter types",
		"?type=%zz":                          "invalid_parameter query",
	} {
		equal(t, query, s.call(400, "GET", "/webhooks"+query, "").errors(t), []string{want})
	}
}

func TestListPages(t *testing.T) {
	s := start(t, sandbox.Options{ListForm: "page"})
	expect := func(query string, want []string, wantMore bool) {
		t.Helper()
		page := decode[struct {
			Data    []struct{ ID string }
			HasMore bool
		}](t, s.call(200, "GET", "/webhooks"+query, "").body)
		got := []string{}
		for _, w := range page.Data {
			got = append(got, w.ID)
		}
		equal(t, query, got, want)
		equal(t, query+" hasMore", page.HasMore, wantMore)
	}
	expect("", []string{}, false)
	ids := make([]string, 12)
	for i := range slices.Backward(ids) { // Newest first.
		ids[i] = s.create(fmt.Sprintf(`{"types":["a.b","n.n%d"],"address":"https://x"}`, i%2))
	}
	expect("", ids[:10], true)
	expect("?startingAfter="+ids[9], ids[10:], false)
	expect("?limit=12", ids, false)
	expect("?limit=11", ids[:11], true)
	expect("?limit=100", ids, false)
	expect("?limit=1&startingAfter="+ids[4], ids[5:6], true)
	expect("?startingAfter="+ids[11], []string{}, false)
	expect("?type=n.n0&limit=2", []string{ids[0], ids[2]}, true)
	expect("?type=n.n0&limit=2&startingAfter="+ids[8], []string{ids[10]}, false)
	for query, want := range map[string][]string{
		"?limit=0":            {"invalid_parameter limit"},
		"?limit=101":          {"invalid_parameter limit"},
		"?limit=x":            {"invalid_parameter limit"},
		"?limit=":             {"invalid_parameter limit"},
		"?startingAfter=none": {"invalid_parameter startingAfter"},
		"?limit=0&type=x":     {"invalid_parameter type", "invalid_parameter limit"},
	} {
		equal(t, query, s.call(400, "GET", "/webhooks"+query, "").errors(t), want)
	}
}
