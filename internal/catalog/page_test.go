// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package catalog

import (
	_ "embed"
	"flag"
	"os"
	"slices"
	"strings"
	"testing"
	"text/template"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the page of the event types")

// eventTypesPage is the page of the docs that lists the event types.
const eventTypesPage = "../../templates/guides/event-types.md.tmpl"

//go:embed testdata/event-types.md.tmpl
var eventTypesText string

// TestEventTypesPage compares the page with the catalog. With -update, it writes the
// page.
func TestEventTypesPage(t *testing.T) {
	var page strings.Builder
	err := template.Must(template.New("").Parse(eventTypesText)).Execute(&page, map[string]any{
		"Products": []product{productOf(ProductDigitalRiverAPI), productOf(ProductCommerceAPI)},
	})
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(eventTypesPage, []byte(page.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	current, err := os.ReadFile(eventTypesPage)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(page.String(), string(current)); diff != "" {
		t.Errorf("%s is not what the catalog has. Run make generate. (-want +got):\n%s", eventTypesPage, diff)
	}
}

// product is a product with its event types, by category.
type product struct {
	Name       string
	Categories []category
}

type category struct {
	Name  string
	Types []EventType
}

func productOf(name string) product {
	p := product{Name: name}
	for _, c := range Categories() {
		types := slices.DeleteFunc(EventTypes(), func(t EventType) bool { return t.Product != name || t.Category != c })
		if len(types) > 0 {
			p.Categories = append(p.Categories, category{c, types})
		}
	}
	return p
}
