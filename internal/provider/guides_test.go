// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/delivery"
	"github.com/digitalriver/terraform-provider-digitalriver/internal/digitalriver"
)

// messagesOfCLI are messages that Terraform and OpenTofu print themselves.
var messagesOfCLI = []string{
	"Plan: %d to import, 0 to add, 0 to change, 0 to destroy.",
	"Check block assertion failed", // https://developer.hashicorp.com/terraform/language/checks
}

// TestGuides_quoteRealMessages checks that each message that a template of the
// docs quotes is one that the code prints. TestAccPages compares the output of
// the commands that it runs. Here, a message is quoted
//
//   - in a fenced block without a language, or with the language text, that
//     TestAccPages does not run, as a line that begins with "Error: " or "Warning: " (a frame of │ may stand before
//     it), and as paragraphs that end in a full stop: the detail, wrapped and
//     shortened by whole sentences as one likes;
//   - between backquotes, beginning with "Error: " or "Warning: ".
//
// Blocks of configuration and of commands have another language, so everything
// else in these blocks is output too, and its sentences are checked likewise.
func TestGuides_quoteRealMessages(t *testing.T) {
	formats := slices.Concat(messagesOfCLI, textsOfCode(t, "../../internal"), textsOfExamples(t, "../../examples"))
	patterns := messagePatterns(formats)
	quotes := 0
	eachFile(t, "../../templates", ".tmpl", func(path string, content []byte) {
		messages := quotedMessages(string(content))
		quotes += len(messages)
		for _, sentence := range unknownSentences(messages, patterns) {
			t.Errorf("%s quotes a message that the code does not print: %q", path, sentence)
		}
	})
	if quotes == 0 {
		t.Error("no guide quotes a message")
	}
}

// unknownSentences are the sentences of messages that match no pattern.
func unknownSentences(messages []string, patterns []*regexp.Regexp) []string {
	var unknown []string
	for _, message := range messages {
		for _, sentence := range sentencesOf(message) {
			if !slices.ContainsFunc(patterns, func(p *regexp.Regexp) bool { return p.MatchString(sentence) }) {
				unknown = append(unknown, sentence)
			}
		}
	}
	return unknown
}

// TestTroubleshooting_hasEveryMessage checks that the page by message has the
// summary of each diagnostic of the provider. Of a summary that names something,
// it is the part before.
func TestTroubleshooting_hasEveryMessage(t *testing.T) {
	page, err := os.ReadFile("../../templates/guides/troubleshooting.md.tmpl")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, summary := range summariesOfCode(t, ".") {
		found++
		if !regexp.MustCompile("(Error: |Warning: |`)" + regexp.QuoteMeta(summary)).Match(page) {
			t.Errorf("the page does not have %q", summary)
		}
	}
	if found == 0 {
		t.Error("the code has no diagnostics")
	}
}

// TestQuotedMessages shows which quotes TestGuides_quoteRealMessages finds, and
// which of them it refuses.
func TestQuotedMessages(t *testing.T) {
	const notRun = "{{/* test: not run: why */ -}}\n"
	patterns := messagePatterns([]string{
		"Too many secrets: %v",
		"%s has %d secrets, the most that there may be. %s Apply again after %s.\n\nUse %q.",
	})
	for name, test := range map[string]struct {
		guide           string
		quoted, unknown []string
	}{
		"whole message": {
			guide: notRun + "```\nError: Too many secrets: 1\n\nWebhook \"1\" has 5 secrets, the most\nthat there may be. " +
				"Apply again after\n2026-11-23T20:54:28Z.\n\nUse \"2\".\n```",
			quoted: []string{
				"Too many secrets: 1",
				`Webhook "1" has 5 secrets, the most that there may be. Apply again after 2026-11-23T20:54:28Z.`,
				`Use "2".`,
			},
			unknown: []string{`Use "2"`}, // The one word of its format is too few.
		},
		"framed": {
			guide:  notRun + "```text\n╷\n│ Warning: Too many secrets: 1\n│\n│   on main.tf line 1\n╵\n```",
			quoted: []string{"Too many secrets: 1"},
		},
		"inline": {guide: "says `Error: Too many secrets: 1`.", quoted: []string{"Too many secrets: 1"}},
		"wrong summary": {
			guide:   notRun + "```\nError: Too many keys: 1\n```",
			quoted:  []string{"Too many keys: 1"},
			unknown: []string{"Too many keys: 1"},
		},
		"wrong detail": {
			guide:   notRun + "```\nIt has 5 secrets, the most.\n```",
			quoted:  []string{"It has 5 secrets, the most."},
			unknown: []string{"It has 5 secrets, the most"},
		},
		"wrong number": {
			guide:   notRun + "```\nIt has five secrets, the most that there may be.\n```",
			quoted:  []string{"It has five secrets, the most that there may be."},
			unknown: []string{"It has five secrets, the most that there may be"},
		},
		"run":          {guide: "```\nError: a\n```"},
		"other blocks": {guide: "```shell\nError: a\n```\n\nText.\n\n```\nno sentence\n```\n\n`code`"},
	} {
		t.Run(name, func(t *testing.T) {
			quoted := quotedMessages(test.guide)
			if diff := cmp.Diff(test.quoted, quoted); diff != "" {
				t.Errorf("quoted (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.unknown, unknownSentences(quoted, patterns)); diff != "" {
				t.Errorf("unknown (-want +got):\n%s", diff)
			}
		})
	}
}

// TestLimits_areTheCodes checks that the page of the limits has those of the code.
func TestLimits_areTheCodes(t *testing.T) {
	page, err := os.ReadFile("../../templates/guides/limits-and-timeouts.md.tmpl")
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []string{
		fmt.Sprintf("| Active signing secrets of a webhook | %d |", digitalriver.MaxActiveSecrets),
		fmt.Sprintf("| Time for a complete response | %d ms |", delivery.ResponseTimeout.Milliseconds()),
		fmt.Sprintf("a response body of more than %d KiB", delivery.MaxResponseBody>>10),
		fmt.Sprintf("| Time for one attempt of a request | %.0f seconds |", digitalriver.DefaultRequestTimeout.Seconds()),
		fmt.Sprintf("| Retries of a request | %d |", digitalriver.DefaultMaxRetries),
		fmt.Sprintf("per operation | %.0f seconds |",
			(digitalriver.DefaultMaxRetries+1)*digitalriver.DefaultRequestTimeout.Seconds()),
		fmt.Sprintf("| Period of a rotation | none | 1 minute to %d days |", maxRotationDays),
	} {
		if !strings.Contains(string(page), row) {
			t.Errorf("the page does not have %q", row)
		}
	}
}
