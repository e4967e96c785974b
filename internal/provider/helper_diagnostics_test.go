// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// diagnostic is an error or a warning as the CLI prints it with -json:
// https://developer.hashicorp.com/terraform/cli/commands/validate#json-output-format
type diagnostic struct {
	Severity string `json:"severity"`
	Summary  string `json:"summary"`
	Detail   string `json:"detail"`
	Address  string `json:"address"` // of the object; not given by validate
	Range    *struct {
		Filename string `json:"filename"`
		Start    struct {
			Line int `json:"line"`
		} `json:"start"`
	} `json:"range"`
	Snippet *struct {
		Context string `json:"context"`
		Code    string `json:"code"`
	} `json:"snippet"`
}

func (d diagnostic) String() string {
	return fmt.Sprintf("%s: %s: %s: %s", d.Address, d.Severity, d.Summary, unwrapped(d.Detail))
}

// unwrapped is a text that the CLI has wrapped and framed, on one line.
func unwrapped(text string) string {
	return strings.Join(strings.Fields(strings.ReplaceAll(text, "│", "")), " ")
}

// validate runs `validate -json` and returns its diagnostics.
func (w *workspace) validate() []diagnostic {
	w.t.Helper()
	_, out := w.run("validate", "-json")
	var result struct {
		Diagnostics []diagnostic `json:"diagnostics"`
	}
	if err := json.Unmarshal([]byte(out), &result); err != nil {
		w.t.Fatalf("validate: %s\n%s", err, out)
	}
	return slices.DeleteFunc(result.Diagnostics, func(d diagnostic) bool {
		return strings.Contains(d.Summary, "development overrides")
	})
}

// outcome is what a command with -json reports.
type outcome struct {
	exitCode    int
	diagnostics []diagnostic
	planned     map[string]string // the planned actions, by the address of their object
}

// runJSON runs a command with -json and returns its exit code and diagnostics.
func (w *workspace) runJSON(args ...string) (exitCode int, diagnostics []diagnostic) {
	w.t.Helper()
	o := w.runOutcome(args...)
	return o.exitCode, o.diagnostics
}

func (w *workspace) runOutcome(args ...string) outcome {
	w.t.Helper()
	code, out := w.run(append(slices.Clone(args), "-json")...)
	o := outcome{exitCode: code, planned: map[string]string{}}
	for line := range strings.Lines(out) {
		var entry struct {
			Type       string      `json:"type"`
			Diagnostic *diagnostic `json:"diagnostic"`
			Change     struct {
				Resource struct {
					Address string `json:"addr"`
				} `json:"resource"`
				Action string `json:"action"`
			} `json:"change"`
		}
		if json.Unmarshal([]byte(line), &entry) != nil {
			w.t.Fatalf("%s: exit code %d\n%s", strings.Join(args, " "), code, out)
		}
		if entry.Diagnostic != nil {
			o.diagnostics = append(o.diagnostics, *entry.Diagnostic)
		}
		if entry.Type == "planned_change" {
			o.planned[entry.Change.Resource.Address] = entry.Change.Action
		}
	}
	return o
}

// mustJSON is runJSON for a command that has to succeed.
func (w *workspace) mustJSON(args ...string) []diagnostic {
	w.t.Helper()
	code, diagnostics := w.runJSON(args...)
	if code != 0 {
		w.t.Fatalf("%s: exit code %d\n%s", strings.Join(args, " "), code, errorText(diagnostics))
	}
	return diagnostics
}

// errorText is the text of the errors among diagnostics, one a line; empty if
// there are none.
func errorText(diagnostics []diagnostic) string {
	var texts []string
	for _, d := range diagnostics {
		if d.Severity == "error" {
			texts = append(texts, d.String())
		}
	}
	return strings.Join(texts, "\n")
}

// diagnosticsOn are the diagnostics of the objects with a name, or of the
// webhook with an id. A diagnostic without an address, such as one of an object
// that is no longer configured, counts unless it names another webhook.
func diagnosticsOn(name, id string, diagnostics []diagnostic) []diagnostic {
	return slices.DeleteFunc(slices.Clone(diagnostics), func(d diagnostic) bool {
		if d.Address != "" {
			return !strings.HasSuffix(d.Address, "."+name)
		}
		detail := strings.ToLower(d.Detail)
		return strings.Contains(detail, "webhook \"") && !strings.Contains(detail, fmt.Sprintf("webhook %q", id))
	})
}
