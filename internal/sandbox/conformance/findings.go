// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// findings are the differences between the sandbox and the service, such as
// "Webhook.liveMode: only in the sandbox".
type findings map[string]bool

func (f findings) add(at, format string, args ...any) {
	f[at+": "+fmt.Sprintf(format, args...)] = true
}

// everyOperation replaces the name of an operation in a finding that all have.
const everyOperation = "every operation"

// generalized returns the findings with those that every operation has as one.
func (f findings) generalized(operations []string) findings {
	count := map[string]int{}
	suffix := func(finding string) string {
		for _, o := range operations {
			if s, ok := strings.CutPrefix(finding, o+": "); ok {
				return s
			}
		}
		return ""
	}
	for finding := range f {
		count[suffix(finding)]++
	}
	general := findings{}
	for finding := range f {
		if s := suffix(finding); s != "" && len(operations) > 1 && count[s] == len(operations) {
			finding = everyOperation + ": " + s
		}
		general[finding] = true
	}
	return general
}

// report prints the table of deviations. It returns an error if a finding is not
// listed, or one is listed that does not exist.
func (f findings) report(w io.Writer, listed []deviation) error {
	unlisted := maps.Clone(f)
	var stale []string
	for _, d := range listed {
		printParagraph(w, d.reason, d.findings)
		for _, finding := range d.findings {
			if !unlisted[finding] {
				stale = append(stale, finding)
			}
			delete(unlisted, finding)
		}
	}
	printParagraph(w, "NOT LISTED", slices.Sorted(maps.Keys(unlisted)))
	printParagraph(w, "LISTED, BUT NOT FOUND", stale)
	if len(unlisted)+len(stale) > 0 {
		return fmt.Errorf("%d deviations are not listed, and %d listed ones do not exist: correct the sandbox, "+
			"or the table in deviations.txt", len(unlisted), len(stale))
	}
	return nil
}

func printParagraph(w io.Writer, title string, lines []string) {
	if len(lines) > 0 {
		_, _ = fmt.Fprintf(w, "%s\n  %s\n\n", title, strings.Join(lines, "\n  "))
	}
}
