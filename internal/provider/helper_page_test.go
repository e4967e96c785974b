// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// block is a fenced block of a page.
type block struct {
	line     int
	language string
	file     string   // Named in the line above; "" if none is.
	hints    []string // For the test; a page does not show them.
	text     string
}

var (
	hintLine     = regexp.MustCompile(`^(?:\{\{/\*|<!--) test: (.+) (?:\*/ -\}\}|-->)$`)
	includeLine  = regexp.MustCompile(`^\{\{ (tffile|codefile "(\w*)") "([^"]+)" \}\}$`)
	includedPage = regexp.MustCompile(`^\{\{ (tffile|codefile "\w*") \.\w+ \}\}$`)
	fileName     = regexp.MustCompile("`([\\w./-]+\\.(?:tf|hcl|js|mjs|go|json|ya?ml|sh|conf|nft|tftpl))`[^`]*:$")
	fence        = regexp.MustCompile("^(\\s*)```(\\w*)$")
)

// parsePage returns the fenced blocks of a template, in order. What the template
// includes is read from root.
func parsePage(t *testing.T, root, template string) []block {
	t.Helper()
	var blocks []block
	var open *block
	indent, above := "", ""
	var hints []string
	add := func(b block) {
		if name := fileName.FindStringSubmatch(above); name != nil {
			b.file = name[1]
		}
		b.hints, hints = hints, nil
		blocks = append(blocks, b)
	}
	number := 0
	for line := range strings.Lines(template) {
		number++
		line = strings.TrimSuffix(line, "\n")
		mark := fence.FindStringSubmatch(line)
		switch {
		case open != nil && mark != nil && mark[2] == "":
			add(*open)
			open = nil
		case open != nil:
			open.text += strings.TrimPrefix(line, indent) + "\n"
			continue
		case mark != nil:
			open, indent = &block{line: number, language: mark[2]}, mark[1]
			continue
		}
		if hint := hintLine.FindStringSubmatch(line); hint != nil {
			hints = append(hints, hint[1])
		} else if include := includeLine.FindStringSubmatch(line); include != nil {
			language := include[2]
			if include[1] == "tffile" {
				language = "terraform"
			}
			content, err := os.ReadFile(filepath.Join(root, include[3]))
			if err != nil {
				t.Fatal(err)
			}
			add(block{line: number, language: language, text: string(content)})
		} else if includedPage.MatchString(line) {
			continue // An example, which TestAccExamples_snippets validates.
		} else if strings.Contains(line, "{{ tffile") || strings.Contains(line, "{{ codefile") {
			t.Fatalf("line %d: the test does not understand %q", number, line)
		} else if strings.TrimSpace(line) != "" {
			above = line
		}
	}
	return blocks
}

// hint returns what follows a word in the hints of a block.
func (b block) hint(word string) (argument string, ok bool) {
	for _, hint := range b.hints {
		if argument, ok = strings.CutPrefix(hint, word); ok {
			return strings.TrimSpace(argument), true
		}
	}
	return "", false
}

// shows reports whether an output has the paragraphs of a text in this order,
// whatever its lines, ids and times. An ellipsis on a line of its own separates
// paragraphs too.
func shows(output, text string) bool {
	output = normalized(output)
	for _, paragraph := range paragraphs.Split("\n"+text, -1) {
		_, rest, ok := strings.Cut(output, normalized(paragraph))
		if !ok {
			return false
		}
		output = rest
	}
	return true
}

var (
	paragraphs = regexp.MustCompile(`\n\s*(\.\.\.)?\n`)
	// A message may be in a frame.
	frame = regexp.MustCompile(`(?m)^\s*[╷│╵]`)
)

// normalized is an output on one line, with placeholders for what differs each time.
func normalized(output string) string {
	output = frame.ReplaceAllString(output, "")
	for _, r := range []struct {
		pattern *regexp.Regexp
		with    string
	}{
		{regexp.MustCompile(`\bOpenTofu\b`), "Terraform"},
		{regexp.MustCompile(`\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b|\b[0-9a-f]{4,8}…`), "ID"},
		{regexp.MustCompile(`\b\d{4}-\d\d-\d\dT[\d:.]+Z|\b\d\d:\d\d:\d\d\b`), "TIME"},
		{regexp.MustCompile(`\b\d+( ?m?s)\b`), "N$1"},
	} {
		output = r.pattern.ReplaceAllString(output, r.with)
	}
	return strings.Join(strings.Fields(output), " ")
}
