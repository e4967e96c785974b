// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/pb33f/libopenapi"
	validator "github.com/pb33f/libopenapi-validator"
	"github.com/pb33f/libopenapi-validator/config"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/sandbox"
)

func TestCompare(t *testing.T) {
	service, ours := readSpec(t, "testdata/service.yaml"), readSpec(t, "testdata/sandbox.yaml")
	want := []string{
		"DELETE /webhooks: only in the sandbox",
		"GET /events: only in the document",
		"GET /webhooks: 200: also Page, only in the sandbox",
		"GET /webhooks: query createdTime: only in the document",
		"GET /webhooks: query types: explode false in the document, true in the sandbox",
		"GET /webhooks: query types: required true in the document, false in the sandbox",
		`GET /webhooks: query types: type "string" in the document, "array" in the sandbox`,
		"Hook.absent: required only in the document",
		"Hook.gone: only in the document",
		`Hook.id: required only in the document`,
		`Hook.id: type "integer" in the document, "string" in the sandbox`,
		"Hook.new: only in the sandbox",
		"Hook.note: required only in the sandbox",
		`Hook.transport: default "HTTP" only in the document`,
		`Hook.transport: enum ["HTTP","OAUTH"] in the document, ["HTTP"] in the sandbox`,
		"Hook: additionalProperties false only in the sandbox",
		"Link.to: maxLength 3 only in the document",
		"POST /webhooks: 201 text/plain: only in the document",
		"POST /webhooks: request: required true only in the sandbox",
		"every operation: 418: only in the document",
		"every operation: header trace: only in the sandbox",
	}
	if diff := cmp.Diff(want, sorted(compare(service, ours))); diff != "" {
		t.Error(diff)
	}
	if found := compare(ours, ours); len(found) > 0 {
		t.Errorf("compared with itself: %s", sorted(found))
	}
}

func TestReport(t *testing.T) {
	found := findings{"a: 1": true, "b: 2": true}
	tests := []struct {
		name   string
		listed []deviation
		want   string // Part of the output, if there is an error.
	}{
		{"all listed", []deviation{{"Reason.", []string{"b: 2", "a: 1"}}}, ""},
		{"one not listed", []deviation{{"Reason.", []string{"a: 1"}}}, "NOT LISTED\n  b: 2\n"},
		{"one listed for nothing", []deviation{{"Reason.", []string{"a: 1", "b: 2", "c: 3"}}},
			"LISTED, BUT NOT FOUND\n  c: 3\n"},
		{"one listed twice", []deviation{{"Reason.", []string{"a: 1", "b: 2"}}, {"Other.", []string{"b: 2"}}},
			"LISTED, BUT NOT FOUND\n  b: 2\n"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var out strings.Builder
			err := found.report(&out, test.listed)
			if (err == nil) != (test.want == "") || !strings.Contains(out.String(), test.want) {
				t.Errorf("error %v, output:\n%s", err, &out)
			}
			for _, d := range test.listed {
				if !strings.Contains(out.String(), d.reason+"\n  "+strings.Join(d.findings, "\n  ")+"\n") {
					t.Errorf("the table lacks %q:\n%s", d, &out)
				}
			}
		})
	}
}

func TestParseDeviations(t *testing.T) {
	want := []deviation{{"First reason.", []string{"a: 1", "b: 2"}}, {"Second reason.", []string{"c: 3"}}}
	got := parseDeviations("First reason.\n  a: 1\n  b: 2\n\nSecond reason.\n  c: 3\n")
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(deviation{})); diff != "" {
		t.Error(diff)
	}
}

// TestRun shows that responses and samples which are not valid in a document are
// not accepted.
func TestRun(t *testing.T) {
	data, err := os.ReadFile("testdata/service.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	if err := run(&out, data, nil); err == nil {
		t.Error("no error")
	}
	for _, want := range []string{
		"response to GET /webhooks: 200: $[].id: got string, want integer",
		"response to GET /webhooks: 401: GET operation request response code '401' does not exist",
		"response to POST /webhooks: 400: POST operation request response code '400' does not exist",
		"error code unauthorized: not in the document's list",
		"sample of sku.created: $.id: got string, want integer",
		"sample of sku: $.body.name: not in the document",
		"sample of order: the document has no schema Order",
	} {
		if !strings.Contains(out.String(), "\n  "+want+"\n") {
			t.Errorf("not reported: %s", want)
		}
	}
	for _, no := range []string{"error code invalid_format", "sample of sku: $.body.id"} {
		if strings.Contains(out.String(), no) {
			t.Errorf("reported: %s", no)
		}
	}
	if t.Failed() {
		t.Log(out.String())
	}
}

// TestLifeInOwnDocument also shows that each step of a life has the status that
// it should have.
func TestLifeInOwnDocument(t *testing.T) {
	document, err := libopenapi.NewDocument(sandbox.OpenAPI)
	if err != nil {
		t.Fatal(err)
	}
	v, errs := validator.NewValidator(document, config.WithFormatAssertions())
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	found, err := validateLife(t.Context(), v, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, finding := range sorted(found) {
		if !strings.HasPrefix(finding, "error code ") { // The document lists no codes.
			t.Error(finding)
		}
	}
}

func sorted(f findings) []string { return slices.Sorted(maps.Keys(f)) }

func readSpec(t *testing.T, file string) spec {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	document, err := libopenapi.NewDocument(data)
	if err != nil {
		t.Fatal(err)
	}
	s, err := newSpec(document)
	if err != nil {
		t.Fatal(err)
	}
	return s
}
