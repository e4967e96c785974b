// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/hashicorp/go-version"
	"github.com/hashicorp/terraform-plugin-testing/tfversion"
)

// binaries is the folder of the binaries that tests have built; TestMain
// removes it.
var binaries = sync.OnceValues(func() (string, error) { return os.MkdirTemp("", "provider-") })

// builtProvider and builtReceiver build a binary once for all tests.
var (
	builtProvider = sync.OnceValues(func() (string, error) {
		return build("../..", "terraform-provider-digitalriver")
	})
	builtReceiver = sync.OnceValues(func() (string, error) {
		return build("../../examples/receiver", "receiver")
	})
)

func build(source, name string) (string, error) {
	dir, err := binaries()
	if err != nil {
		return "", err
	}
	binary := filepath.Join(dir, name)
	if runtime.GOOS == "windows" {
		binary += ".exe"
	}
	out, err := exec.Command("go", "build", "-o", binary, source).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return binary, nil
}

// folder is a folder of one test.
type folder struct {
	t   *testing.T
	dir string
}

func newFolder(t *testing.T) folder {
	t.Helper()
	return folder{t, t.TempDir()}
}

func (f folder) path(name string) string { return filepath.Join(f.dir, name) }

func (f folder) write(name, content string) {
	f.t.Helper()
	if err := os.WriteFile(f.path(name), []byte(content), 0o600); err != nil {
		f.t.Fatal(err)
	}
}

func (f folder) read(name string) string {
	f.t.Helper()
	content, err := os.ReadFile(f.path(name))
	if err != nil {
		f.t.Fatal(err)
	}
	return string(content)
}

// workspace is a folder in which a test runs the CLI (Terraform or OpenTofu)
// with the built provider. It is for everything that only a CLI shows: warnings,
// logs, saved plans, generated configuration.
type workspace struct {
	folder
	env []string
}

// requireCLI skips a test that runs the CLI, unless acceptance tests are wanted.
func requireCLI(t *testing.T) {
	t.Helper()
	if os.Getenv("TF_ACC") == "" {
		t.Skip("TF_ACC is not set")
	}
}

func newWorkspace(t *testing.T) *workspace {
	t.Helper()
	requireCLI(t)
	binary, err := builtProvider()
	if err != nil {
		t.Fatal(err)
	}
	cliConfig := newFolder(t)
	cliConfig.write("terraform.rc", fmt.Sprintf(`provider_installation {
  dev_overrides {
    %q = %q
  }
  direct {}
}
`, namespace+"/digitalriver", filepath.Dir(binary)))
	w := &workspace{newFolder(t), append(os.Environ(),
		"TF_CLI_CONFIG_FILE="+cliConfig.path("terraform.rc"), "TF_IN_AUTOMATION=1", "CHECKPOINT_DISABLE=1")}
	w.requireProviders("digitalriver")
	return w
}

// namespace is the first part of the provider's source address.
var namespace = strings.Split(Address, "/")[1]

// requireProviders writes versions.tf, with providers of the namespace.
func (w *workspace) requireProviders(names ...string) {
	w.t.Helper()
	required := ""
	for _, name := range names {
		required += fmt.Sprintf("    %s = {\n      source = \"%s/%s\"\n    }\n", name, namespace, name)
	}
	w.write("versions.tf", "terraform {\n  required_providers {\n"+required+"  }\n}\n")
}

// cliPath is the CLI that the tests run.
func cliPath() string {
	if path := os.Getenv("TF_ACC_TERRAFORM_PATH"); path != "" {
		return path
	}
	return "terraform"
}

// command is a command of the CLI that has not started yet.
func (w *workspace) command(args ...string) *exec.Cmd {
	command := exec.Command(cliPath(), args...)
	command.Dir, command.Env = w.dir, w.env
	return command
}

// run runs a command and returns its exit code and all that it printed.
func (w *workspace) run(args ...string) (exitCode int, output string) {
	w.t.Helper()
	command := w.command(args...)
	var out bytes.Buffer
	command.Stdout, command.Stderr = &out, &out
	err := command.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		w.t.Fatal(err)
	}
	return command.ProcessState.ExitCode(), out.String()
}

// must is run for a command that has to succeed.
func (w *workspace) must(args ...string) string {
	w.t.Helper()
	code, out := w.run(append(args, "-no-color")...)
	if code != 0 {
		w.t.Fatalf("%s: exit code %d\n%s", strings.Join(args, " "), code, out)
	}
	return out
}

// apply applies a configuration.
func (w *workspace) apply(config string) {
	w.t.Helper()
	w.write("main.tf", config)
	w.must("apply", "-auto-approve")
}

// plan plans a configuration and returns what the CLI prints.
func (w *workspace) plan(config string) string {
	w.t.Helper()
	w.write("main.tf", config)
	return w.must("plan")
}

// mustBeClean fails the test unless a plan shows no difference.
func (w *workspace) mustBeClean() {
	w.t.Helper()
	if code, out := w.run("plan", "-detailed-exitcode", "-no-color"); code != 0 {
		w.t.Fatalf("plan: exit code %d\n%s", code, out)
	}
}

// version is the CLI's version.
func (w *workspace) version() *version.Version {
	w.t.Helper()
	_, out := w.run("version", "-json")
	var result struct {
		Version string `json:"terraform_version"`
	}
	if err := json.Unmarshal([]byte(out), &result); err != nil {
		w.t.Fatalf("version: %s\n%s", err, out)
	}
	parsed, err := version.NewVersion(result.Version)
	if err != nil {
		w.t.Fatal(err)
	}
	return parsed
}

// onOpenTofu reports whether the CLI is OpenTofu.
func onOpenTofu() bool { return strings.Contains(os.Getenv("TF_ACC_PROVIDER_HOST"), "opentofu") }

// ephemeralSince is the first version of the CLI that has ephemeral resources.
func ephemeralSince() *version.Version {
	if onOpenTofu() {
		return tfversion.Version1_11_0
	}
	return tfversion.Version1_10_0
}

// require skips the test on an older CLI.
func (w *workspace) require(minimum *version.Version) {
	w.t.Helper()
	w.skipUnless(tfversion.SkipBelow(minimum))
}

// requireImportBlocks skips the test on Terraform 1.16.0 to 1.16.2. They break the
// import blocks of every provider outside the hashicorp namespace
// (hashicorp/terraform#39144 and #39068).
func (w *workspace) requireImportBlocks() {
	w.t.Helper()
	if onOpenTofu() {
		return
	}
	w.skipUnless(tfversion.SkipBetween(
		version.Must(version.NewVersion("1.16.0")), version.Must(version.NewVersion("1.16.3"))))
}

func (w *workspace) skipUnless(check tfversion.TerraformVersionCheck) {
	w.t.Helper()
	var resp tfversion.CheckTerraformVersionResponse
	check.CheckTerraformVersion(w.t.Context(),
		tfversion.CheckTerraformVersionRequest{TerraformVersion: w.version()}, &resp)
	if resp.Skip != "" {
		w.t.Skip(resp.Skip)
	}
}
