// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package catalog

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	jsonpatch "github.com/evanphx/json-patch/v5"
	"github.com/google/go-cmp/cmp"
	"github.com/pb33f/jsonschema/v6"
)

// sampleSchemas returns a function that gives the schema of a resource, out of
// testdata/samples.schema.json.
func sampleSchemas(t *testing.T) func(object string) *jsonschema.Schema {
	t.Helper()
	data, err := os.ReadFile("testdata/samples.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	if err := compiler.AddResource("samples.schema.json", document); err != nil {
		t.Fatal(err)
	}
	return func(object string) *jsonschema.Schema {
		schema, err := compiler.Compile("samples.schema.json#/$defs/" + object)
		if err != nil {
			t.Fatalf("no schema for %s: %v", object, err)
		}
		return schema
	}
}

// validate returns what is wrong with a value.
func validate(schema *jsonschema.Schema, value []byte) error {
	decoded, err := jsonschema.UnmarshalJSON(bytes.NewReader(value))
	if err != nil {
		return err
	}
	return schema.Validate(decoded)
}

// TestSamplesKeepToTheirSchemas also puts the previous attributes back, which
// has to give a valid object again.
func TestSamplesKeepToTheirSchemas(t *testing.T) {
	schemas := sampleSchemas(t)
	for _, et := range EventTypes() {
		t.Run(et.Product+"/"+et.Type, func(t *testing.T) {
			data := et.Sample()
			schema := schemas(et.Object)
			if err := validate(schema, data.Object); err != nil && !isEmpty(data.Object) {
				t.Error(err)
			}
			if data.PreviousAttributes == nil {
				return
			}
			if isEmpty(data.PreviousAttributes) {
				t.Error("nothing changed")
			}
			before, err := jsonpatch.MergePatch(data.Object, data.PreviousAttributes)
			if err != nil {
				t.Fatal(err)
			}
			if err := validate(schema, before); err != nil {
				t.Errorf("with the previous attributes: %v", err)
			}
		})
	}
}

func isEmpty(object []byte) bool { return string(object) == "{}" }

// TestSampleState requires the object of an event to be in the state that the
// last word of the event type names.
func TestSampleState(t *testing.T) {
	initial := []string{"accepted", "chargeable", "created", "draft", "pending", "requires_action", "Subscribed"}
	states := map[string][]string{
		"accepted":               {"accepted"},
		"action_update":          {"Subscribed"},
		"backordered":            {"backordered"},
		"blocked":                {"blocked"},
		"canceled":               {"canceled"},
		"cancelled":              {"cancelled", "Cancelled"},
		"capturable":             {"capturable"},
		"chargeable":             {"chargeable"},
		"complete":               {"complete", "succeeded"},
		"created":                initial,
		"credit_card_expired":    {"Subscribed"},
		"deleted":                nil, // any state
		"dispute":                {"dispute"},
		"extended":               {"paid"},
		"failed":                 {"failed"},
		"fulfilled":              {"fulfilled"},
		"lapsed":                 {"ended"},
		"not_valid":              {"not_valid"},
		"open":                   {"open"},
		"paid":                   {"paid"},
		"payment_failed":         {"open", "PendingRenewal"},
		"payment_info_changed":   {"Subscribed"},
		"pending":                {"pending"},
		"pending_information":    {"pending_information"},
		"pending_payment":        {"pending_payment"},
		"processed":              {"Subscribed"},
		"processing":             {"processing"},
		"refunded":               {"complete"},
		"rejected":               {"rejected"},
		"reminder":               {"draft"},
		"renewal_reminder":       {"Subscribed"},
		"renewed":                {"Subscribed"},
		"resolved":               {"complete"},
		"review_closed":          {"accepted"},
		"review_opened":          {"in_review"},
		"scanned":                {"scanned"},
		"source_invalid":         {"active"},
		"submitted":              {"accepted"},
		"succeeded":              {"complete", "succeeded"},
		"trial_converted":        {"Subscribed"},
		"trial_renewal_reminder": {"FreeTrial"},
		"uncollectible":          {"uncollectible"},
		"updated":                nil, // any state
		"verified":               {"verified"},
		"void":                   {"void"},
	}
	unused := maps.Clone(states)
	for _, et := range EventTypes() {
		if et.ReplacedBy != "" {
			continue // It has the sample of the type that replaced it.
		}
		state, has := sampleState(t, et)
		if !has {
			continue
		}
		word := et.Type[strings.LastIndex(et.Type, ".")+1:]
		delete(unused, word)
		allowed, known := states[word]
		if !known || allowed != nil && !slices.Contains(allowed, state) {
			t.Errorf("%s %s shows the state %q, want one of %q", et.Product, et.Type, state, allowed)
		}
	}
	for word := range unused {
		t.Errorf("no event type with a state ends in %s", word)
	}
}

// sampleState returns the state that the event type reports, if the sample has
// one.
func sampleState(t *testing.T, et EventType) (state string, has bool) {
	t.Helper()
	type movement struct{ State string }
	type charge struct {
		State                      string
		Cancels, Captures, Refunds []movement
	}
	var object struct {
		charge
		Invoice, Subscription *movement                  // of events with two objects
		Payment               struct{ Charges []charge } // of an order
		Items                 []movement                 // of a fulfillment order
	}
	if err := json.Unmarshal(et.Sample().Object, &object); err != nil {
		t.Fatal(err)
	}
	about := object.charge
	if et.Object == "order" && strings.HasPrefix(et.Type, "order.charge.") {
		about = object.Payment.Charges[0]
	}
	switch {
	case strings.Contains(et.Type, "charge.cancel."):
		return about.Cancels[0].State, true
	case strings.Contains(et.Type, "charge.capture."):
		return about.Captures[0].State, true
	case strings.Contains(et.Type, "charge.refund."):
		return about.Refunds[0].State, true
	case et.Type == "fulfillment_order.backordered":
		return object.Items[0].State, true
	case object.Invoice != nil:
		return object.Invoice.State, true
	case object.Subscription != nil:
		return object.Subscription.State, true
	}
	return about.State, about.State != ""
}

// TestSampleReportsChanges requires previous attributes of all events about an
// update, and of no event about a new object.
func TestSampleReportsChanges(t *testing.T) {
	for _, et := range EventTypes() {
		reports := et.Sample().PreviousAttributes != nil
		isUpdate := strings.HasSuffix(et.Type, ".updated")
		isNew := strings.HasSuffix(et.Type, ".created") && et.Type != "global_returns.label.created"
		if isUpdate && !reports || isNew && reports {
			t.Errorf("%s %s reports a change: %t", et.Product, et.Type, reports)
		}
	}
}

// TestSampleFilesAreUsed also checks that events.json names only event types
// that have a sample of their own.
func TestSampleFilesAreUsed(t *testing.T) {
	entries, err := samples.ReadDir("samples")
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		object := strings.TrimSuffix(entry.Name(), ".json")
		carries := func(et EventType) bool { return et.Object == object }
		if object != "events" && !slices.ContainsFunc(EventTypes(), carries) {
			t.Errorf("no event type carries a %s", object)
		}
	}
	for product, types := range eventSamples() {
		for name, sample := range types {
			if et, ok := LookupIn(product, name); !ok || et.ReplacedBy != "" {
				t.Errorf("%s is not a current type of %s", name, product)
			}
			base, ok := LookupIn(product, sample.Base)
			if sample.Base != "" && (!ok || base.ReplacedBy != "") {
				t.Errorf("%s: its base, %s, is not a current type of %s", name, sample.Base, product)
			}
		}
	}
}

func TestSchemasRefuse(t *testing.T) {
	schemas := sampleSchemas(t)
	tests := []struct{ name, object, change string }{
		{"unknown member", "order", `{"totall": 1}`},
		{"null member", "order", `{"state": null}`},
		{"unknown state", "refund", `{"state": "done"}`},
		{"text for a number", "charge", `{"amount": "48.6"}`},
		{"time without zone", "fulfillment", `{"createdTime": "2024-05-14T09:30:02"}`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			object := map[string]any{}
			for _, data := range [][]byte{readSample(test.object), []byte(test.change)} {
				if err := json.Unmarshal(data, &object); err != nil {
					t.Fatal(err)
				}
			}
			if err := schemas(test.object).Validate(object); err == nil {
				t.Errorf("%s was accepted", test.change)
			}
		})
	}
}

func TestSample(t *testing.T) {
	tests := []struct {
		product, eventType string
		want               map[string]any // Some members of the object.
		previous           string
	}{
		{"", "order.accepted", map[string]any{"state": "accepted", "fraudState": "passed", "capturedAmount": 0.0}, ""},
		{"", "order.blocked", map[string]any{"state": "blocked", "fraudState": "blocked"}, ""},
		{"", "order.cancelled", map[string]any{"state": "cancelled", "cancelledAmount": 48.6}, ""},
		{"", "order.complete", map[string]any{"state": "complete", "capturedAmount": 48.6}, ""},
		{"", "order.pending_payment", map[string]any{"state": "pending_payment", "fraudState": nil}, ""},
		{"", "order.refunded", map[string]any{"state": "complete", "refundedAmount": 21.6}, ""},
		{"", "order.chargeback", map[string]any{"type": "non_fraud_chargeback", "orderId": "300000000336"}, ""},
		{"", "order.charge.capture.complete", map[string]any{"state": "complete", "captured": true}, ""},
		{"", "order.charge.capture.completed", map[string]any{"state": "complete", "captured": true}, ""},
		{"", "order.charge.created", map[string]any{"state": "pending"}, ""},
		{"", "order.charge.reauth.failed", map[string]any{"id": "300000000336", "state": "accepted"}, ""},
		{"", "order.charge.refund.failed", map[string]any{"id": "300000000336", "state": "complete"}, ""},
		{"", "order.invoice.created", map[string]any{"purpose": "customer_invoice"}, ""},
		{"", "order.credit_memo.created", map[string]any{"purpose": "customer_credit_memo"}, ""},
		{"", "order.credit_memo.create", map[string]any{"purpose": "customer_credit_memo"}, ""},
		{"", "fulfillment_order.shipped", map[string]any{"trackingNumber": "SP0000000042", "state": nil}, ""},
		{"", "invoice.void", map[string]any{"state": "void"},
			`{"state":"open","stateTransitions":{"void":null},"updatedTime":"2024-05-14T09:30:05Z"}`},
		{"", "refund.created", map[string]any{"state": "pending", "charges": nil}, ""},
		{"", "refund.complete", map[string]any{"state": "succeeded", "refundedAmount": 21.6}, ""},
		{"", "source.chargeable", map[string]any{"state": "chargeable"}, `{"state":"requires_action"}`},
		{"", "subscription.created", map[string]any{"state": "draft", "customerId": nil}, ""},
		{"", "subscription.renewed", map[string]any{"state": "Subscribed"}, ""},
		{"", "sku.deleted", map[string]any{"name": "Notebook"}, ""},
		{ProductCommerceAPI, "order.invoice.created", map[string]any{"purpose": "customer_invoice"}, ""},
		{ProductCommerceAPI, "subscription.created", map[string]any{"state": "Subscribed"}, ""},
		{ProductCommerceAPI, "subscription.updated", map[string]any{"autoRenewal": false}, `{"autoRenewal":true}`},
	}
	for _, test := range tests {
		t.Run(test.product+"/"+test.eventType, func(t *testing.T) {
			et, ok := Lookup(test.eventType)
			if test.product != "" {
				et, ok = LookupIn(test.product, test.eventType)
			}
			if !ok {
				t.Fatal("unknown event type")
			}
			data := et.Sample()
			var object map[string]any
			if err := json.Unmarshal(data.Object, &object); err != nil {
				t.Fatal(err)
			}
			got := map[string]any{}
			for member := range test.want {
				got[member] = object[member]
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
			if string(data.PreviousAttributes) != test.previous {
				t.Errorf("previousAttributes are %s, want %s", data.PreviousAttributes, test.previous)
			}
		})
	}
}

// TestSampleOfDeletedSubscription covers the event type that carries no object,
// but the whole of it as its previous attributes.
func TestSampleOfDeletedSubscription(t *testing.T) {
	deleted, _ := Lookup("subscription.deleted")
	created, _ := Lookup("subscription.created")
	data := deleted.Sample()
	if !isEmpty(data.Object) {
		t.Errorf("the object is %s, want {}", data.Object)
	}
	var got, want any
	if err := json.Unmarshal(data.PreviousAttributes, &got); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(created.Sample().Object, &want); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestSampleAddsUp checks the sums of the order that most samples come from.
func TestSampleAddsUp(t *testing.T) {
	var order struct {
		TotalAmount, Subtotal, TotalTax, TotalShipping float64
		Items                                          []struct {
			Amount float64
			Tax    struct{ Amount float64 }
		}
		ShippingChoice struct{ Amount, TaxAmount float64 }
		Payment        struct{ Charges []struct{ Amount float64 } }
	}
	if err := json.Unmarshal(readSample("order"), &order); err != nil {
		t.Fatal(err)
	}
	sums := map[string][2]float64{
		"subtotal": {order.Subtotal, order.Items[0].Amount + order.ShippingChoice.Amount},
		"tax":      {order.TotalTax, order.Items[0].Tax.Amount + order.ShippingChoice.TaxAmount},
		"total":    {order.TotalAmount, order.Subtotal + order.TotalTax},
		"charge":   {order.TotalAmount, order.Payment.Charges[0].Amount},
	}
	for name, sum := range sums {
		if diff := sum[0] - sum[1]; diff > 0.001 || diff < -0.001 {
			t.Errorf("%s is %g, want %g", name, sum[0], sum[1])
		}
	}
}
