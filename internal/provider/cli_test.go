package provider

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// builtProvider builds the provider's binary once for all tests.
var builtProvider = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "provider-")
	if err != nil {
		return "", err
	}
	binary := filepath.Join(dir, "terraform-provider-digitalriver")
	out, err := exec.Command("go", "build", "-o", binary, "../..").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return binary, nil
})

func TestMain(m *testing.M) {
	for _, name := range []string{envAPIKey, envBaseURL, envAPIVersion} {
		_ = os.Unsetenv(name)
	}
	code := m.Run()
	if binary, err := builtProvider(); err == nil {
		_ = os.RemoveAll(filepath.Dir(binary))
	}
	os.Exit(code)
}

// workspace is a folder in which a test runs Terraform's command line with the
// built provider, for what only the command line shows: warnings, logs, saved
// plans, generated configuration.
type workspace struct {
	t   *testing.T
	dir string
	env []string
}

func newWorkspace(t *testing.T) *workspace {
	t.Helper()
	if os.Getenv("TF_ACC") == "" {
		t.Skip("TF_ACC is not set")
	}
	binary, err := builtProvider()
	if err != nil {
		t.Fatal(err)
	}
	w := &workspace{t: t, dir: t.TempDir()}
	cliConfig := filepath.Join(t.TempDir(), "terraform.rc")
	w.writeTo(cliConfig, fmt.Sprintf("provider_installation {\n  dev_overrides {\n    \"digitalriver/digitalriver\" = %q\n  }\n  direct {}\n}\n", filepath.Dir(binary)))
	w.env = append(os.Environ(), "TF_CLI_CONFIG_FILE="+cliConfig, "TF_IN_AUTOMATION=1", "CHECKPOINT_DISABLE=1")
	w.write("versions.tf", "terraform {\n  required_providers {\n    digitalriver = {\n      source = \"digitalriver/digitalriver\"\n    }\n  }\n}\n")
	return w
}

func (w *workspace) writeTo(path, content string) {
	w.t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		w.t.Fatal(err)
	}
}

func (w *workspace) write(name, content string) {
	w.t.Helper()
	w.writeTo(filepath.Join(w.dir, name), content)
}

func (w *workspace) read(name string) string {
	w.t.Helper()
	content, err := os.ReadFile(filepath.Join(w.dir, name))
	if err != nil {
		w.t.Fatal(err)
	}
	return string(content)
}

// command is a command that has not started yet.
func (w *workspace) command(args ...string) *exec.Cmd {
	cli := os.Getenv("TF_ACC_TERRAFORM_PATH")
	if cli == "" {
		cli = "terraform"
	}
	command := exec.Command(cli, args...)
	command.Dir, command.Env = w.dir, w.env
	return command
}

// run runs a command and returns its exit code and all that it printed.
func (w *workspace) run(args ...string) (int, string) {
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

// must is run for a command that has to end well.
func (w *workspace) must(args ...string) string {
	w.t.Helper()
	code, out := w.run(append(args, "-no-color")...)
	if code != 0 {
		w.t.Fatalf("%s: exit code %d\n%s", strings.Join(args, " "), code, out)
	}
	return out
}

// mustBeClean fails unless a plan shows no difference.
func (w *workspace) mustBeClean() {
	w.t.Helper()
	if code, out := w.run("plan", "-detailed-exitcode", "-no-color"); code != 0 {
		w.t.Fatalf("plan: exit code %d\n%s", code, out)
	}
}

// diagnostic is one entry of `terraform validate -json`.
type diagnostic struct {
	Severity string `json:"severity"`
	Summary  string `json:"summary"`
	Detail   string `json:"detail"`
	Snippet  *struct {
		Code string `json:"code"`
	} `json:"snippet"`
}

func (d diagnostic) String() string {
	code := ""
	if d.Snippet != nil {
		code = strings.TrimSpace(d.Snippet.Code)
	}
	return fmt.Sprintf("%s: %s at `%s`: %s", d.Severity, d.Summary, code, d.Detail)
}

func (w *workspace) validate() []diagnostic {
	w.t.Helper()
	_, out := w.run("validate", "-json")
	var result struct {
		Diagnostics []diagnostic `json:"diagnostics"`
	}
	if err := json.Unmarshal([]byte(out), &result); err != nil {
		w.t.Fatalf("%s\n%s", err, out)
	}
	var found []diagnostic
	for _, d := range result.Diagnostics {
		if !strings.Contains(d.Summary, "development overrides") {
			found = append(found, d)
		}
	}
	return found
}
