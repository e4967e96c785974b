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

// guide is the page of the docs that lists the event types.
const guide = "../../templates/guides/event-types.md.tmpl"

//go:embed testdata/event-types.md.tmpl
var guideText string

// TestGuide_hasEveryEventType compares the page with the catalog. With -update it
// writes the page:
//
//	make test PKGS='./internal/catalog -args -update' TESTFLAGS='-run=TestGuide'
func TestGuide_hasEveryEventType(t *testing.T) {
	var page strings.Builder
	err := template.Must(template.New("").Parse(guideText)).Execute(&page, map[string]any{
		"Products": []product{productOf(ProductDigitalRiverAPI), productOf(ProductCommerceAPI)},
	})
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(guide, []byte(page.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	current, err := os.ReadFile(guide)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(current), page.String()); diff != "" {
		t.Errorf("%s (-want +got; -update writes it):\n%s", guide, diff)
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
