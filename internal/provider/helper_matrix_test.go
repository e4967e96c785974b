package provider

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/sandbox/readings"
)

// matrixPage is the page of the docs that TestAccReadings writes.
const matrixPage = "../../templates/guides/readings.md.tmpl"

const matrixIntroduction = `---
page_title: "Readings of the public sources"
subcategory: ""
description: |-
  What Digital River's public sources leave open, and what was checked under each way to read them.
---

# Readings of the public sources

Digital River's public sources are silent or disagree in places. Each way to read them there is a *reading*. The [sandbox](sandbox.md) can serve each one: ` +
	"`terraform-provider-digitalriver sandbox -reading NAME`" + `.

`

const matrixResults = `
## Results

One acceptance test runs under each reading, and under some of them together. For the rest, the sandbox serves the defaults. Under the readings of the list, the account has more than 100 webhooks.

| Step | What is checked |
| --- | --- |
| Create | one webhook for each attribute, with that attribute set, and the rotation of a secret |
| Clean plan | a plan right after a step has no changes |
| Change | each attribute is updated in place |
| Drift | somebody else changes each attribute and deletes a webhook; the plan shows it, and the apply corrects it |
| Rotation | a changed trigger rotates the secret, once |
| Lost responses | the response to a create and to a rotation is lost; nothing is made twice |
| Import | all of it is imported into generated configuration, whose plan is clean |
| Destroy | nothing is left |

No step may taint or replace a webhook. A ✓ means that the user sees the same as under the defaults. Elsewhere the reading changes what the user is *told*, or *limited* what could be checked, as listed below the table.

`

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
	page := m.page()
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

func (m *matrix) page() string {
	var b strings.Builder
	b.WriteString(matrixIntroduction + "| Reading | What the API does | Source |\n| --- | --- | --- |\n")
	for _, r := range readings.All() {
		byDefault := ""
		if r.Default {
			byDefault = " (default)"
		}
		fmt.Fprintf(&b, "| `%s`%s | %s | %s |\n", r.Name, byDefault, r.Description, r.Source)
	}
	b.WriteString(matrixResults)
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
