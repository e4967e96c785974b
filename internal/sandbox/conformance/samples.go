// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"encoding/json"
	"strings"

	"github.com/pb33f/libopenapi-validator/config"
	"github.com/pb33f/libopenapi-validator/schema_validation"
	"github.com/pb33f/libopenapi-validator/strict"
	v3 "github.com/pb33f/libopenapi/datamodel/high/v3"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/catalog"
)

// schemaNames has the schemas of resources whose schema has another name.
var schemaNames = map[string]string{
	"fulfillment":              "FulfillmentOrder",
	"fulfillment_cancellation": "GlobalFulfillmentCancellationResponse",
	"fulfillment_order":        "GlobalFulfillmentOrder",
	"fulfillment_return":       "GlobalFulfillmentReturnResponse",
	"invoice_attribute":        "InvoiceAttributes",
	"logistics_return":         "ReturnResponse",
	"refund":                   "OrderRefund",
	"return":                   "ReturnsResponse",
	"tax_identifier":           "CustomerTaxIdentifier",
}

// schemaName returns the name of a resource's schema in the document: FileLink
// for file_link.
func schemaName(resource string) string {
	if name, ok := schemaNames[resource]; ok {
		return name
	}
	var name strings.Builder
	for word := range strings.SplitSeq(resource, "_") {
		name.WriteString(strings.ToUpper(word[:1]) + word[1:])
	}
	return name.String()
}

// validateSamples returns what is invalid in the sample objects of the Digital
// River API's events. The document does not describe the Commerce API.
func validateSamples(document *v3.Document) (findings, error) {
	found := findings{}
	options := config.NewValidationOptions(config.WithFormatAssertions(), config.WithStrictMode(),
		config.WithStrictIgnorePaths("$.body.metadata.*")) // Metadata is free.
	v := schema_validation.NewSchemaValidator(config.WithExistingOpts(options))
	for _, t := range catalog.EventTypes() {
		if t.Product != catalog.ProductDigitalRiverAPI {
			continue
		}
		proxy := document.Components.Schemas.GetOrZero(schemaName(t.Object))
		if proxy == nil {
			found.add("sample of "+t.Object, "the document has no schema %s", schemaName(t.Object))
			continue
		}
		var sample any
		if err := json.Unmarshal(t.Sample().Object, &sample); err != nil {
			return nil, err
		}
		at, schema := "sample of "+t.Type, proxy.Schema()
		_, errs := v.ValidateSchemaObjectWithVersion(schema, sample, 3.0)
		found.invalid(at, errs)
		for _, u := range strict.ValidateBody(schema, sample, strict.DirectionResponse, options, 3.0).UndeclaredValues {
			found.add("sample of "+t.Object+": "+withoutIndex(u.Path), "not in the document")
		}
	}
	return found, nil
}
