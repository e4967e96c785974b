// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package catalog

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
)

// TestEventTypesFile holds event-types.tsv to its schema.
func TestEventTypesFile(t *testing.T) {
	header, _, _ := strings.Cut(eventTypesTSV, "\n")
	if want := "type\tproduct\tcategory\tkey\tobject\treplaced_by\talso_spelled\tdescription"; header != want {
		t.Errorf("header is %q, want %q", header, want)
	}
	if !strings.HasSuffix(eventTypesTSV, "\n") {
		t.Error("the last line has no end")
	}
	types := EventTypes()
	byTypeAndProduct := func(a, b EventType) int {
		return cmp.Or(cmp.Compare(a.Type, b.Type), cmp.Compare(a.Product, b.Product))
	}
	if !slices.IsSortedFunc(types, byTypeAndProduct) {
		t.Error("the lines are not sorted by type and product")
	}
	same := func(a, b EventType) bool { return byTypeAndProduct(a, b) == 0 }
	if len(types) != len(slices.CompactFunc(EventTypes(), same)) {
		t.Error("a product has a type twice")
	}
	if keys := strings.Count(eventTypesTSV, "\t0\t") + strings.Count(eventTypesTSV, "\t1\t"); keys != len(types) {
		t.Errorf("%d of %d lines have 0 or 1 as key", keys, len(types))
	}

	category := regexp.MustCompile(`^[a-z_]+$`)
	sentence := regexp.MustCompile(`^[A-Z][^.]+\.$`)
	described := map[string]string{}
	for _, et := range types {
		if !ValidName(et.Type) {
			t.Errorf("%s is not a valid name", et.Type)
		}
		if !slices.Contains(Products(), et.Product) {
			t.Errorf("%s: unknown product %q", et.Type, et.Product)
		}
		if !category.MatchString(et.Category) {
			t.Errorf("%s: malformed category %q", et.Type, et.Category)
		}
		if !sentence.MatchString(et.Description) || len(et.Description) > 100 {
			t.Errorf("%s: description is not one sentence of at most 100 characters: %q", et.Type, et.Description)
		}
		if other := described[et.Description]; other != "" {
			t.Errorf("%s and %s have the same description", et.Type, other)
		}
		described[et.Description] = et.Type
		if et.ReplacedBy != "" {
			current, ok := LookupIn(et.Product, et.ReplacedBy)
			if !ok || current.ReplacedBy != "" || current.Object != et.Object {
				t.Errorf("%s is replaced by %s, which is not a current type with the same object", et.Type, et.ReplacedBy)
			}
		}
		isOther := func(o EventType) bool { return o.Type == et.AlsoSpelled }
		if et.AlsoSpelled != "" && slices.ContainsFunc(types, isOther) {
			t.Errorf("%s is a type of its own, not a spelling of %s", et.AlsoSpelled, et.Type)
		}
	}
}

func TestParseEventTypesRefusesMalformedLine(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("a line of 2 columns was accepted")
		}
	}()
	parseEventTypes("header\nsku.created\tdigital_river_api\n")
}

func TestCategories(t *testing.T) {
	got := Categories()
	if !slices.IsSorted(got) || !slices.Contains(got, "file_link") {
		t.Errorf("Categories() = %q", got)
	}
	if len(slices.Compact(slices.Clone(got))) != len(got) {
		t.Errorf("a category is in %q twice", got)
	}
}

func TestLookup(t *testing.T) {
	tests := []struct {
		name string
		want EventType // Without its description.
		ok   bool
	}{
		{"order.accepted", EventType{
			Type: "order.accepted", Product: ProductDigitalRiverAPI, Category: "order", Key: true, Object: "order",
		}, true},
		{"order.invoice.created", EventType{
			Type: "order.invoice.created", Product: ProductDigitalRiverAPI, Category: "order", Key: true, Object: "order_file",
		}, true},
		{"subscription.renewed", EventType{
			Type: "subscription.renewed", Product: ProductCommerceAPI, Category: "subscription",
			Object: "commerce_subscription",
		}, true},
		{"refund.completed", EventType{
			Type: "refund.completed", Product: ProductDigitalRiverAPI, Category: "refund", Object: "refund",
			ReplacedBy: "refund.complete",
		}, true},
		{"fulfillment.create", EventType{
			Type: "fulfillment.create", Product: ProductDigitalRiverAPI, Category: "fulfillment", Key: true,
			Object: "fulfillment", ReplacedBy: "fulfillment.created",
		}, true},
		{"order.acepted", EventType{}, false},
		{"order.*", EventType{}, false},
		{"", EventType{}, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, ok := Lookup(test.name)
			if ok != test.ok || ok == (got.Description == "") {
				t.Errorf("Lookup() = %+v, %t", got, ok)
			}
			got.Description = ""
			if diff := gocmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestLookupIn(t *testing.T) {
	for _, product := range Products() {
		got, ok := LookupIn(product, "order.credit_memo.created")
		if !ok || got.Product != product {
			t.Errorf("LookupIn(%q) = %+v, %t", product, got, ok)
		}
	}
	if _, ok := LookupIn(ProductCommerceAPI, "order.accepted"); ok {
		t.Error("the Commerce API has order.accepted")
	}
	if et, ok := LookupIn(ProductDigitalRiverAPI, "order.credit_memo.create"); !ok || et.ReplacedBy == "" {
		t.Errorf("another spelling: %+v, %t", et, ok)
	}
}

func TestValidNameAndPattern(t *testing.T) {
	tests := []struct {
		text          string
		name, pattern bool
	}{
		{"order.accepted", true, true},
		{"fileLink.created", true, true},
		{"order.charge.refund.complete", true, true},
		{"AT787.HTTP.Test", true, true},
		{"order", false, false},
		{"", false, false},
		{".", false, false},
		{"order.", false, false},
		{".accepted", false, false},
		{"order..accepted", false, false},
		{"order.accepted\n", false, false},
		{"order accepted", false, false},
		{"order-line.accepted", false, false},
		{"ördér.accepted", false, false},
		{"*", false, true},
		{"order.*", false, true},
		{"*.complete*", false, true},
		{"order*", false, true},
		{"order.* ", false, false},
		{"order.[a]*", false, false},
	}
	for _, test := range tests {
		if got := ValidName(test.text); got != test.name {
			t.Errorf("ValidName(%q) = %t", test.text, got)
		}
		if got := ValidPattern(test.text); got != test.pattern {
			t.Errorf("ValidPattern(%q) = %t", test.text, got)
		}
	}
}

func TestMatches(t *testing.T) {
	tests := []struct {
		pattern, name string
		want          bool
	}{
		{"order.accepted", "order.accepted", true},
		{"order.accepted", "order.accepted.again", false},
		{"order.*", "order.accepted", true},
		{"order.*", "order.charge.capture.complete", true},
		{"order.*", "order", false},
		{"order.*", "checkout_session.order.created", false},
		{"*.created", "customer.source.created", true},
		{"*.created", "customer.updated", false},
		{"*", "sku.created", true},
		{"order.*.complete", "order.charge.refund.complete", true},
		{"order.*.complete", "order.complete", false},
		{"order.*d*e", "order.charge.refund.complete", true},
		{"order.*.charge.*.complete", "order.charge.complete", false},
		{"*order*created", "order.created", true},
		{"order.accepted*", "order.accepted", true},
		{"Order.*", "order.accepted", false},
		{"order.+", "order.accepted", false},
		{"", "order.accepted", false},
	}
	for _, test := range tests {
		if got := Matches(test.pattern, test.name); got != test.want {
			t.Errorf("Matches(%q, %q) = %t", test.pattern, test.name, got)
		}
	}
}

func TestMatch(t *testing.T) {
	tests := []struct {
		pattern string
		want    []string
	}{
		{"order.accepted", []string{"order.accepted"}},
		{"order.charge.capture.*", []string{
			"order.charge.capture.complete", "order.charge.capture.failed", "order.charge.capture.pending",
		}},
		{"order.charge.capture.completed", []string{"order.charge.capture.completed"}},
		{"fulfillment.create", []string{"fulfillment.create"}},
		{"*.invoice.created", []string{"order.invoice.created"}},
		{"fileLink.*", []string{"fileLink.created", "fileLink.deleted", "fileLink.updated"}},
		{"order", nil},
		{"ordr.*", nil},
		{"", nil},
	}
	for _, test := range tests {
		if diff := gocmp.Diff(test.want, Match(test.pattern)); diff != "" {
			t.Errorf("Match(%q): %s", test.pattern, diff)
		}
	}
}

func TestNearest(t *testing.T) {
	tests := []struct {
		name  string
		first string
	}{
		{"order.acepted", "order.accepted"},
		{"order.create", "order.created"},
		{"accepted", "order.accepted"},
		{"acepted", "order.accepted"},
		{"OrderAccepted", "order.accepted"},
		{"order_accepted", "order.accepted"},
		{"order.canceled", "order.cancelled"},
		{"invoice.payed", "invoice.paid"},
		{"filelink.created", "fileLink.created"},
		{"sub.renewed", "subscription.renewed"},
		{"refund.completed", "refund.complete"},
		{"checkout_session.order.create", "checkout_session.order.created"},
		{"order.credit_memo.create", "order.credit_memo.created"},
		{"payment.failed", "invoice.payment_failed"},
		{"ordr.*", "order.*"},
		{"*.acepted", "*.accepted"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := Nearest(test.name, 3)
			if len(got) != 3 || got[0] != test.first {
				t.Errorf("Nearest() = %q, want %s first", got, test.first)
			}
			if len(slices.Compact(slices.Sorted(slices.Values(got)))) != 3 {
				t.Errorf("a name is in %q twice", got)
			}
			for _, name := range got {
				et, ok := Lookup(name)
				if isPattern := strings.Contains(name, "*"); isPattern != strings.Contains(test.name, "*") ||
					isPattern && len(Match(name)) == 0 || !isPattern && (!ok || et.ReplacedBy != "") {
					t.Errorf("%s is not a suggestion for %s", name, test.name)
				}
			}
		})
	}
	for _, name := range []string{"", "*", "zzz.*"} {
		if got := Nearest(name, 3); len(got) != 0 {
			t.Errorf("Nearest(%q) = %q, want none", name, got)
		}
	}
}
