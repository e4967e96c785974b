// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestResults checks that the chart and the table of README.md show what the CSV file
// has.
func TestResults(t *testing.T) {
	r, err := readReport(".")
	if err != nil {
		t.Fatal(err)
	}
	chart, err := drawChart(r.title, r.rows)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(read(t, chartFile), chart); diff != "" {
		t.Errorf("%s is not drawn from %s (-file +drawn):\n%s", chartFile, csvFile, diff)
	}
	readme := read(t, readmeFile)
	if diff := cmp.Diff(readme, string(r.intoReadme([]byte(readme)))); diff != "" {
		t.Errorf("%s does not show %s (-file +shown):\n%s", readmeFile, csvFile, diff)
	}
	if !results.MatchString(readme) {
		t.Errorf("%s has no place for the results", readmeFile)
	}
}

func read(t *testing.T, file string) string {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}
