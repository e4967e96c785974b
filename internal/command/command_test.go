package command

import (
	"flag"
	"log/slog"
	"os"
	"regexp"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/sandbox"
	"github.com/digitalriver/terraform-provider-digitalriver/internal/sandbox/readings"
)

// The commands are tested by the scripts in testdata/script at the root of the
// module. The tests here are of what a script cannot see or cannot set up.

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// flagsOf returns the names of the flags that a command defines.
func flagsOf(define func(*flag.FlagSet) action) []string {
	flags := flag.NewFlagSet("", flag.ContinueOnError)
	define(flags)
	var names []string
	flags.VisitAll(func(f *flag.Flag) { names = append(names, f.Name) })
	return names
}

// TestHelpHasEveryFlag shows that -h of each command has exactly its flags.
func TestHelpHasEveryFlag(t *testing.T) {
	line := regexp.MustCompile(`(?m)^  -([a-z-]+) `)
	for _, c := range commands {
		inHelp := map[string]bool{}
		for _, match := range line.FindAllStringSubmatch(c.usage, -1) {
			inHelp[match[1]] = true
		}
		for _, name := range flagsOf(c.define) {
			if !inHelp[name] {
				t.Errorf("%s -h does not have -%s", c.name, name)
			}
			delete(inHelp, name)
		}
		for name := range inHelp {
			t.Errorf("%s -h has -%s, which is not a flag", c.name, name)
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
// control endpoint and kind of fault of the sandbox, and that the guide has every
// reading.
func TestSandboxIsDocumented(t *testing.T) {
	guide, err := os.ReadFile("../../templates/guides/sandbox.md.tmpl")
	if err != nil {
		t.Fatal(err)
	}
	// Without the padding of the table of control endpoints.
	help := regexp.MustCompile(` +`).ReplaceAllString(sandboxUsage, " ")
	check := func(name, inHelp, inGuide string) {
		t.Helper()
		if !regexp.MustCompile(inHelp).MatchString(help) {
			t.Errorf("sandbox -h does not have %s", name)
		}
		if !strings.Contains(string(guide), inGuide) {
			t.Errorf("the guide does not have %s", name)
		}
	}
	for _, name := range flagsOf(defineSandbox) {
		check("-"+name, `(?m)^ -`+name+` `, "| `-"+name)
	}
	for _, key := range sandbox.Keys() {
		check(key, `(?m)^ `+key+` `, "| `"+key+"` |")
	}
	for _, endpoint := range sandbox.ControlEndpoints() {
		name := endpoint.Method + " " + endpoint.Path
		check(name, `(?m)^ `+name+`\s`, "| `"+name+"`")
	}
	for _, r := range readings.All() {
		name := "`" + r.Name + "`"
		if r.Default {
			name += " (default)"
		}
		check("reading "+r.Name, "", "| "+name+" | "+r.Description+" |")
	}
	for _, kind := range sandbox.FaultKinds() {
		check("kind "+kind, `Kinds for (API requests|deliveries): [a-z_,\s]*\b`+kind+`\b`, "| `"+kind+"` |")
	}
}
