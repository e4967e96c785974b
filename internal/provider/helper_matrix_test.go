// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	_ "embed"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"text/template"

	"github.com/google/go-cmp/cmp"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/sandbox/readings"
)

// matrixPage is the page of the docs that TestAccReadings writes.
const matrixPage = "../../templates/guides/readings.md.tmpl"

//go:embed testdata/readings.md.tmpl
var matrixText string

// matrix has the results of each case of readings.
type matrix struct {
	cases [][]string

	mu      sync.Mutex
	results map[string]*life // by case
}

func newMatrix(cases [][]string) *matrix {
	return &matrix{cases: cases, results: map[string]*life{}}
}

func (m *matrix) add(l *life) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.results[caseName(l.readings)] = l
}

// check compares the page with the results of all cases. If the tests to run were
// chosen, there is nothing to compare.
func (m *matrix) check(t *testing.T) {
	t.Helper()
	if t.Failed() || len(m.results) < len(m.cases) {
		return
	}
	page := m.page(t)
	if *update {
		if err := os.WriteFile(matrixPage, []byte(page), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	current, err := os.ReadFile(matrixPage)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(current), page); diff != "" {
		t.Errorf("%s (-want +got; -update writes it):\n%s", matrixPage, diff)
	}
}

// page returns the page: matrixText with the tables.
func (m *matrix) page(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	err := template.Must(template.New("").Parse(matrixText)).Execute(&b, map[string]string{
		"Readings": m.readings(), "Results": m.table() + m.differences(),
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(b.String()) + "\n"
}

// readings is the table of readings.
func (m *matrix) readings() string {
	var b strings.Builder
	b.WriteString("| Reading | What the API does | Source |\n| --- | --- | --- |\n")
	for _, r := range readings.All() {
		byDefault := ""
		if r.Default {
			byDefault = " (default)"
		}
		fmt.Fprintf(&b, "| `%s`%s | %s | %s |\n", r.Name, byDefault, r.Description, r.Source)
	}
	return b.String()
}

// table is the table of results.
func (m *matrix) table() string {
	var b strings.Builder
	fmt.Fprintf(&b, "| Readings | %s |\n|%s\n", strings.Join(lifeSteps, " | "), strings.Repeat(" --- |", len(lifeSteps)+1))
	for _, c := range m.cases {
		fmt.Fprintf(&b, "| %s |", caseTitle(c))
		for _, step := range lifeSteps {
			cell := "✓"
			switch {
			case m.results[caseName(c)].limits[step] != "":
				cell = "limited"
			case len(m.special(c, step)) > 0:
				cell = "told"
			}
			b.WriteString(" " + cell + " |")
		}
		b.WriteString("\n")
	}
	return b.String()
}

// differences lists what is not the same as under the defaults.
func (m *matrix) differences() string {
	var b strings.Builder
	b.WriteString("\n## What differs\n")
	for _, c := range m.cases {
		var lines string
		for _, step := range lifeSteps {
			for _, n := range m.special(c, step) {
				lines += "* " + n.String() + "\n"
			}
			if limit := m.results[caseName(c)].limits[step]; limit != "" {
				lines += "* " + step + ": " + limit + "\n"
			}
		}
		if lines != "" {
			fmt.Fprintf(&b, "\nUnder %s:\n\n%s", caseTitle(c), lines)
		}
	}
	return b.String()
}

// special is what the user was told in a step that is not told in all cases.
func (m *matrix) special(served []string, step string) []notice {
	var notices []notice
	for _, n := range m.results[caseName(served)].told[step] {
		if !slices.ContainsFunc(toldAlways, func(always notice) bool { return always.matches(n) }) {
			notices = append(notices, n)
		}
	}
	slices.SortFunc(notices, func(a, b notice) int { return strings.Compare(a.String(), b.String()) })
	return slices.CompactFunc(notices, func(a, b notice) bool { return a.String() == b.String() })
}

func caseTitle(served []string) string {
	if len(served) == 0 {
		return "the defaults"
	}
	return "`" + strings.Join(served, "` and `") + "`"
}

func (n notice) String() string {
	on := ""
	if n.on != "" {
		on = " on `" + n.on + "`"
	}
	return fmt.Sprintf("%s%s: `%s: %s`", n.step, on, strings.ToUpper(n.severity[:1])+n.severity[1:], n.summary)
}
