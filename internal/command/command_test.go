// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package command

import (
	"flag"
	"log/slog"
	"os"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"go.uber.org/goleak"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/sandbox"
)

// The commands are tested by the scripts in testdata/script at the root of the
// module. The tests here are of what a script cannot see or cannot set up.

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// run runs the binary as a person would.
func run(t *testing.T, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	var out, errOut strings.Builder
	status = Program{Version: "1.2.3"}.Run(t.Context(), args, nil, &out, &errOut)
	return status, out.String(), errOut.String()
}

// TestHelp shows that each flag of each command has a description, and that the
// lines of all help fit into a terminal.
func TestHelp(t *testing.T) {
	for _, c := range append(Program{}.root().Commands, Program{}.root()) {
		args := []string{c.Name, "-h"}
		if c.Name == programName {
			args = args[1:]
		}
		status, help, stderr := run(t, args...)
		if status != 0 || stderr != "" {
			t.Errorf("%s: status %d, %s", c.Name, status, stderr)
		}
		for line := range strings.Lines(help) {
			if utf8.RuneCountInString(line) > 88 && !strings.HasPrefix(line, "https://") {
				t.Errorf("%s: too long: %s", c.Name, line)
			}
		}
		for _, f := range documentedFlags(c) {
			placeholder, usage := flag.UnquoteUsage(&flag.Flag{Usage: f.GetUsage()})
			if usage == "" || f.TakesValue() && strings.ToUpper(placeholder) != placeholder {
				t.Errorf("%s -%s: placeholder %q, description %q", c.Name, f.Names()[0], placeholder, usage)
			}
		}
	}
}

// TestColouredLog shows when the log is coloured, and that only the message is. The
// null device is like a terminal a character device.
func TestColouredLog(t *testing.T) {
	var text strings.Builder
	log := slog.New(&textHandler{w: &text, coloured: true})
	log.Warn("delivery", "status", 400, "outcome", "rejected")
	if got := text.String(); !strings.HasSuffix(got, "  \x1b[33mdelivery\x1b[0m  status 400  rejected\n") {
		t.Errorf("%q", got)
	}
	device, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = device.Close() }()
	t.Setenv("NO_COLOR", "")
	if !wantsColour(device) || wantsColour(&text) {
		t.Error("want colour on a terminal, and only there")
	}
	t.Setenv("NO_COLOR", "1")
	if wantsColour(device) {
		t.Error("NO_COLOR is ignored")
	}
}

// TestSandboxIsDocumented shows that both -h and the guide have every flag, key,
// control endpoint and kind of fault of the sandbox.
func TestSandboxIsDocumented(t *testing.T) {
	guide, err := os.ReadFile("../../templates/guides/sandbox.md.tmpl")
	if err != nil {
		t.Fatal(err)
	}
	// Without the padding of the table of control endpoints.
	_, help, _ := run(t, "sandbox", "-h")
	help = regexp.MustCompile(` +`).ReplaceAllString(help, " ")
	check := func(name, inHelp, inGuide string) {
		t.Helper()
		if !regexp.MustCompile(inHelp).MatchString(help) {
			t.Errorf("sandbox -h does not have %s", name)
		}
		if !strings.Contains(string(guide), inGuide) {
			t.Errorf("the guide does not have %s", name)
		}
	}
	for _, f := range documentedFlags(sandboxCommand()) {
		name := f.Names()[0]
		check("-"+name, `(?m)^ -`+name+`\b`, "| `-"+name)
	}
	for _, key := range sandbox.Keys() {
		check(key, `(?m)^ `+key+` `, "| `"+key+"` |")
	}
	for _, endpoint := range sandbox.ControlEndpoints() {
		name := endpoint.Method + " " + endpoint.Path
		check(name, `(?m)^ `+name+`\s`, "| `"+name+"`")
	}
	for _, kind := range sandbox.FaultKinds() {
		check("kind "+kind, `Kinds of faults:[a-z_,\s]*\b`+kind+`\b`, "| `"+kind+"` |")
	}
}
