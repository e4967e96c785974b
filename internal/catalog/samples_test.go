package catalog

import (
	"bytes"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

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

func TestSamplesKeepToTheirSchemas(t *testing.T) {
	schemas := sampleSchemas(t)
	for _, et := range EventTypes() {
		t.Run(et.Product+"/"+et.Type, func(t *testing.T) {
			sample, err := Sample(et.Type)
			if err != nil {
				t.Fatal(err)
			}
			value, err := jsonschema.UnmarshalJSON(bytes.NewReader(sample))
			if err != nil {
				t.Fatal(err)
			}
			usual, _ := Lookup(et.Type)
			if err := schemas(usual.Object).Validate(value); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestSampleFilesAreUsed also holds the files that a type of the other product
// shadows to their schemas.
func TestSampleFilesAreUsed(t *testing.T) {
	schemas := sampleSchemas(t)
	entries, err := samples.ReadDir("samples")
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		object := strings.TrimSuffix(entry.Name(), ".json")
		if object == "patches" {
			continue
		}
		if !slices.ContainsFunc(EventTypes(), func(et EventType) bool { return et.Object == object }) {
			t.Errorf("no event type carries a %s", object)
		}
		value, err := jsonschema.UnmarshalJSON(bytes.NewReader(readSample(object)))
		if err != nil {
			t.Fatal(err)
		}
		if err := schemas(object).Validate(value); err != nil {
			t.Errorf("%s: %v", object, err)
		}
	}
	for name := range samplePatches() {
		if et, ok := Lookup(name); !ok || et.ReplacedBy != "" {
			t.Errorf("a patch is for %s, which is not a current type", name)
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
		eventType string
		want      map[string]any // Some members of the sample.
	}{
		{"order.accepted", map[string]any{"state": "accepted", "fraudState": "passed", "capturedAmount": 0.0}},
		{"order.blocked", map[string]any{"state": "blocked", "fraudState": "blocked"}},
		{"order.cancelled", map[string]any{"state": "cancelled", "cancelledAmount": 48.6}},
		{"order.complete", map[string]any{"state": "complete", "capturedAmount": 48.6}},
		{"order.fulfilled", map[string]any{"state": "fulfilled"}},
		{"order.pending_payment", map[string]any{"state": "pending_payment", "fraudState": nil}},
		{"order.refunded", map[string]any{"refundedAmount": 21.6}},
		{"order.review_opened", map[string]any{"state": "in_review", "fraudState": "review_opened"}},
		{"order.charge.capture.complete", map[string]any{"state": "complete", "captured": true}},
		{"order.charge.capture.completed", map[string]any{"state": "complete", "captured": true}},
		{"order.invoice.created", map[string]any{"purpose": "customer_invoice"}},
		{"order.credit_memo.created", map[string]any{"purpose": "customer_credit_memo"}},
		{"order.credit_memo.create", map[string]any{"purpose": "customer_credit_memo"}},
		{"refund.pending", map[string]any{"state": "pending", "charges": nil}},
		{"refund.complete", map[string]any{"state": "succeeded", "refundedAmount": 21.6}},
		{"subscription.created", map[string]any{"state": "draft", "customerId": nil}},
		{"subscription.lapsed", map[string]any{"state": "lapsed"}},
		{"subscription.renewed", map[string]any{"state": "Subscribed"}},
		{"sku.deleted", map[string]any{"name": "Notebook"}},
	}
	for _, test := range tests {
		t.Run(test.eventType, func(t *testing.T) {
			sample, err := Sample(test.eventType)
			if err != nil {
				t.Fatal(err)
			}
			var object map[string]any
			if err := json.Unmarshal(sample, &object); err != nil {
				t.Fatal(err)
			}
			got := map[string]any{}
			for member := range test.want {
				got[member] = object[member]
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
	if _, err := Sample("order.acepted"); err == nil || !strings.Contains(err.Error(), `"order.acepted"`) {
		t.Errorf("Sample of an unknown type: %v", err)
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
