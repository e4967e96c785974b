// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	_ "embed"
	"strings"
)

// deviation is a reason why the sandbox differs from the service, and where.
type deviation struct {
	reason   string
	findings []string
}

// deviationsText has a paragraph for each deviation: the reason, and below it the
// indented findings.
//
//go:embed deviations.txt
var deviationsText string

func parseDeviations(text string) []deviation {
	var parsed []deviation
	for paragraph := range strings.SplitSeq(strings.TrimSpace(text), "\n\n") {
		lines := strings.Split(paragraph, "\n  ")
		parsed = append(parsed, deviation{reason: lines[0], findings: lines[1:]})
	}
	return parsed
}
