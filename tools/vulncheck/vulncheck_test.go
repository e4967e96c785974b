// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

// Package vulncheck tests vulncheck.sh, the script that looks for known vulnerabilities.
package vulncheck

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// A module whose only vulnerability is the one that the tests put into their databases: it calls url.Parse.
const (
	moduleFile = "module example.com/vulnerable\n\ngo 1.26\n"
	mainFile   = `package main

import "net/url"

func main() {
	u, err := url.Parse("https://example.com")
	println(u, err)
}
`
)

func TestVulncheck(t *testing.T) {
	tests := map[string]struct {
		database string   // the argument of the script; none if empty
		env      []string // more environment
		fails    bool
		output   string
	}{
		"a vulnerable function is called": {
			database: database(t, `"introduced": "0"`, "Parse"),
			fails:    true,
			output:   "GO-2026-9999",
		},
		"it was fixed": {
			database: database(t, `"introduced": "0"}, {"fixed": "1.25.0"`, "Parse"),
			output:   "The binary, built with",
		},
		"another function is vulnerable": {
			database: database(t, `"introduced": "0"`, "JoinPath"),
			output:   "The binary, built with",
		},
		"the database is incomplete": {
			database: t.TempDir(),
			fails:    true,
			output:   "not a vulnerability database",
		},
		"no connection": {
			env:    []string{"HTTPS_PROXY=http://127.0.0.1:1", "GITHUB_ACTIONS="},
			output: "NOT SCANNED",
		},
		"no connection on GitHub Actions": {
			env:    []string{"HTTPS_PROXY=http://127.0.0.1:1", "GITHUB_ACTIONS=true"},
			fails:  true,
			output: "vuln.go.dev",
		},
	}
	script, err := filepath.Abs("../vulncheck.sh")
	if err != nil {
		t.Fatal(err)
	}
	// Download what govulncheck is built from before a test has no connection.
	build := exec.CommandContext(t.Context(), "go", "build", "-o", t.TempDir(), "golang.org/x/vuln/cmd/govulncheck")
	if output, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			module := t.TempDir()
			write(t, filepath.Join(module, "go.mod"), moduleFile)
			write(t, filepath.Join(module, "main.go"), mainFile)

			script := exec.CommandContext(t.Context(), script, test.database)
			script.Dir = module
			script.Env = append(os.Environ(), test.env...)
			output, err := script.CombinedOutput()

			if (err != nil) != test.fails {
				t.Errorf("error %v, want a failure: %t\n%s", err, test.fails, output)
			}
			if !strings.Contains(string(output), test.output) {
				t.Errorf("the output lacks %q:\n%s", test.output, output)
			}
		})
	}
}

// database writes a vulnerability database with one vulnerability: that of a function of net/url in the versions that
// events describes. The form is that of https://go.dev/doc/security/vuln/database.
func database(t *testing.T, events, function string) string {
	t.Helper()
	dir := t.TempDir()
	const modified = "2026-01-01T00:00:00Z"
	write(t, filepath.Join(dir, "index", "db.json"), fmt.Sprintf(`{"modified": %q}`, modified))
	write(t, filepath.Join(dir, "index", "modules.json"),
		fmt.Sprintf(`[{"path": "stdlib", "vulns": [{"id": "GO-2026-9999", "modified": %q}]}]`, modified))
	write(t, filepath.Join(dir, "ID", "GO-2026-9999.json"), fmt.Sprintf(`{
		"schema_version": "1.3.1",
		"id": "GO-2026-9999",
		"modified": %q,
		"published": %[1]q,
		"summary": "An example",
		"details": "An example.",
		"database_specific": {"url": "https://example.com"},
		"affected": [{
			"package": {"name": "stdlib", "ecosystem": "Go"},
			"ranges": [{"type": "SEMVER", "events": [{%s}]}],
			"ecosystem_specific": {"imports": [{"path": "net/url", "symbols": [%q]}]}
		}]
	}`, modified, events, function))
	return dir
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}
