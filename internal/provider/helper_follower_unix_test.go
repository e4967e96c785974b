// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

//go:build unix

package provider

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/hashicorp/go-version"
	"github.com/hashicorp/hcl/v2/hclwrite"
)

// servers are the commands that run until they are interrupted.
var servers = []*regexp.Regexp{
	regexp.MustCompile(`terraform-provider-digitalriver sandbox`),
	regexp.MustCompile(`terraform-provider-digitalriver listen`),
	regexp.MustCompile(`go run main\.go`),
	regexp.MustCompile(`go run \S+/examples/receiver@latest`),
	regexp.MustCompile(`node receiver\.mjs`),
}

// The addresses of servers on the pages.
const (
	sandboxAddress  = "127.0.0.1:8787"
	endpointAddress = "127.0.0.1:8080"
)

// outputPatience only ends a test that would otherwise hang: servers print at once.
const outputPatience = time.Minute

// follower follows a page as a reader does, block by block.
type follower struct {
	folder
	env       []string
	addresses map[string]string // Instead of the default ones.
	running   map[string]*server
	reserved  map[string]net.Listener // Keeps these addresses free until a server needs them.
	output    string                  // Of the last command.
	unchecked bool                    // Whether no command has read the configuration yet.
}

// server is a command that runs until it is interrupted.
type server struct {
	command *exec.Cmd
	mu      sync.Mutex
	output  bytes.Buffer // Since the last command.
}

func (s *server) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.output.Write(p)
}

func (s *server) printed() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.output.String()
}

func (s *server) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.output.Reset()
}

func (s *server) stop() {
	_ = syscall.Kill(-s.command.Process.Pid, syscall.SIGINT)
	_ = s.command.Wait()
}

// pageTools is a folder with the programs that pages run, with a mirror that holds
// the built provider, and with a home. The go command may still write there when a
// test has ended.
var pageTools = sync.OnceValues(func() (string, error) {
	binary, err := builtProvider()
	if err != nil {
		return "", err
	}
	cli, err := exec.LookPath(cliPath())
	if err != nil {
		return "", err
	}
	dir := filepath.Join(filepath.Dir(binary), "pages")
	links := map[string]string{"bin/terraform": cli, "bin/" + filepath.Base(binary): binary}
	if _, err := exec.LookPath("curl"); err != nil {
		curl, err := build("testdata/curl/main.go", "curl")
		if err != nil {
			return "", err
		}
		links["bin/curl"] = curl
	}
	for _, host := range []string{"registry.terraform.io", "registry.opentofu.org"} {
		links[fmt.Sprintf("mirror/%s/digitalriver/digitalriver/0.0.1/%s_%s/terraform-provider-digitalriver_v0.0.1",
			host, runtime.GOOS, runtime.GOARCH)] = binary
	}
	for link, target := range links {
		link = filepath.Join(dir, link)
		if err := os.MkdirAll(filepath.Dir(link), 0o700); err != nil {
			return "", err
		}
		if err := os.Symlink(target, link); err != nil {
			return "", err
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "home"), 0o700); err != nil {
		return "", err
	}
	config := fmt.Sprintf("provider_installation {\n  filesystem_mirror {\n    path = %q\n  }\n}\n",
		filepath.Join(dir, "mirror"))
	return dir, os.WriteFile(filepath.Join(dir, "cli.tfrc"), []byte(config), 0o600)
})

func newFollower(t *testing.T) *follower {
	t.Helper()
	requireCLI(t)
	tools, err := pageTools()
	if err != nil {
		t.Fatal(err)
	}
	f := &follower{
		folder:    newFolder(t),
		addresses: map[string]string{},
		running:   map[string]*server{},
		reserved:  map[string]net.Listener{},
		env: append(os.Environ(), "HOME="+filepath.Join(tools, "home"), "GOCACHE="+goCache(t),
			"PATH="+filepath.Join(tools, "bin")+string(os.PathListSeparator)+os.Getenv("PATH"),
			"TF_CLI_CONFIG_FILE="+filepath.Join(tools, "cli.tfrc"), "CHECKPOINT_DISABLE=1",
			"TF_CLI_ARGS=-no-color", "TF_CLI_ARGS_apply=-auto-approve", "TF_CLI_ARGS_destroy=-auto-approve"),
	}
	t.Cleanup(func() {
		for _, s := range f.running {
			s.stop()
		}
	})
	for _, address := range []string{sandboxAddress, endpointAddress} {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = listener.Close() })
		f.reserved[address], f.addresses[address] = listener, listener.Addr().String()
	}
	f.startDirectory()
	return f
}

// goCache is the cache of the go command, which depends on the home directory.
func goCache(t *testing.T) string {
	t.Helper()
	out, err := exec.Command("go", "env", "GOCACHE").Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

// useSandbox gives the page a sandbox of the test, in place of the API.
func (f *follower) useSandbox() {
	api := startSandbox(f.t)
	f.addresses[sandboxAddress] = strings.TrimPrefix(api.url, "http://")
	f.env = append(f.env, envBaseURL+"="+api.url, envAPIKey+"="+testKey)
}

// validate checks the configuration unless a command of the page has read it.
func (f *follower) validate() {
	f.t.Helper()
	if !f.unchecked {
		return
	}
	f.requireProvider()
	f.unchecked = false
	command := f.bash("terraform init -backend=false && terraform validate")
	if out, err := command.CombinedOutput(); err != nil {
		f.t.Errorf("the configuration is not valid: %s\n%s", err, out)
	}
}

// startDirectory begins an empty directory.
func (f *follower) startDirectory() {
	f.validate()
	dir, err := os.MkdirTemp(f.dir, "")
	if err != nil {
		f.t.Fatal(err)
	}
	f.write("state", fmt.Sprintf("cd %q\n", dir))
}

// workDir is the directory in which the next command runs.
func (f *follower) workDir() string {
	state := f.read("state")
	_, dir, _ := strings.Cut(state[strings.LastIndex(strings.TrimSpace(state), "\n")+1:], `cd "`)
	return strings.TrimSuffix(strings.TrimSpace(dir), `"`)
}

// configure writes or merges a snippet into its file.
func (f *follower) configure(b block, notRun bool) {
	f.t.Helper()
	if formatted := hclwrite.Format([]byte(b.text)); string(formatted) != b.text {
		f.t.Errorf("line %d: the snippet is not formatted; want\n%s", b.line, formatted)
	}
	if b.file == "" {
		f.t.Errorf("line %d: the line above the snippet does not name its file", b.line)
		return
	}
	own, err := ownPart(strings.TrimSuffix(filepath.Base(b.file), ".tf"), f.replace(b.text))
	if err != nil {
		f.t.Fatalf("line %d: %s", b.line, err)
	}
	if notRun {
		return
	}
	if filepath.Ext(b.file) == ".tf" {
		f.unchecked = true
		before, err := os.ReadFile(filepath.Join(f.workDir(), b.file))
		if err == nil {
			own, err = mergeSnippet(string(before), own)
		}
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			f.t.Fatal(err)
		}
	}
	f.writeFile(b.file, own)
}

// checkPipeline checks that a block is YAML with scripts of bash.
func (f *follower) checkPipeline(b block) {
	f.t.Helper()
	scripts, err := pipelineScripts(b.text)
	if err != nil || len(scripts) == 0 {
		f.t.Fatalf("line %d: the pipeline has %d scripts: %v", b.line, len(scripts), err)
	}
	for _, script := range scripts {
		f.checkScript(b, script)
	}
}

func (f *follower) checkScript(b block, script string) {
	f.t.Helper()
	if out, err := exec.Command("bash", "-n", "-c", script).CombinedOutput(); err != nil {
		f.t.Fatalf("line %d: %s", b.line, out)
	}
}

// follow does what a block says.
func (f *follower) follow(b block) {
	f.t.Helper()
	if _, ok := b.hint("new directory"); ok {
		f.startDirectory()
	}
	if name, ok := b.hint("stop"); ok {
		f.stop(name)
	}
	_, notRun := b.hint("not run")
	if minimum, ok := b.hint("since"); ok && !f.hasVersion(minimum) {
		notRun = true
	}
	if minimum, ok := b.hint("terraform"); ok && (onOpenTofu() || !f.hasVersion(minimum)) {
		notRun = true
	}
	switch b.language {
	case "terraform", "hcl":
		if name, ok := b.hint("is"); ok {
			f.compare(b, name)
			return
		}
		f.configure(b, notRun)
	case "shell":
		f.run(b, notRun)
	case "", "text":
		if !notRun && b.file == "" {
			f.expect(b)
		}
	case "json":
		if !json.Valid([]byte(b.text)) {
			f.t.Errorf("line %d: this is not JSON", b.line)
		}
	case "yaml":
		f.checkPipeline(b)
	case "go", "javascript", "mermaid", "nginx", "powershell":
	default:
		f.t.Errorf("line %d: the test does not know the language %q", b.line, b.language)
	}
	if b.file != "" && b.language != "terraform" && !notRun {
		f.writeFile(b.file, f.replace(b.text))
	}
}

// hasVersion reports whether the CLI is of this version or a later one.
func (f *follower) hasVersion(minimum string) bool {
	w := &workspace{f.folder, f.env}
	return w.version().GreaterThanOrEqual(version.Must(version.NewVersion(minimum)))
}

// replace puts in the addresses of this page, and the sandbox's key for that of an
// account.
func (f *follower) replace(text string) string {
	for address, own := range f.addresses {
		text = strings.ReplaceAll(text, address, own)
	}
	return accountKey.ReplaceAllString(text, testKey)
}

// withDefaults puts the default addresses back into what a command has printed.
func (f *follower) withDefaults(output string) string {
	for address, own := range f.addresses {
		output = strings.ReplaceAll(output, own, address)
	}
	return output
}

var accountKey = regexp.MustCompile(`sk_\.\.\.|sk_…`)

// compare compares a block with a file that a command has written.
func (f *follower) compare(b block, name string) {
	f.t.Helper()
	content, err := os.ReadFile(filepath.Join(f.workDir(), name))
	if err != nil {
		f.t.Fatal(err)
	}
	if !shows(string(content), b.text) {
		f.t.Errorf("line %d: %s is different:\n%s", b.line, name, content)
	}
}

func (f *follower) writeFile(name, content string) {
	f.t.Helper()
	path := filepath.Join(f.workDir(), name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		f.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		f.t.Fatal(err)
	}
}

// requireProvider adds what a page does not repeat that only shows snippets: where
// the provider is from.
func (f *follower) requireProvider() {
	files, err := filepath.Glob(filepath.Join(f.workDir(), "*.tf"))
	if err != nil {
		f.t.Fatal(err)
	}
	for _, file := range files {
		if content, err := os.ReadFile(file); err != nil || bytes.Contains(content, []byte("required_providers")) {
			return
		}
	}
	if len(files) > 0 {
		f.writeFile("versions.tf", "terraform {\n  required_providers {\n    digitalriver = {\n"+
			"      source = \"digitalriver/digitalriver\"\n    }\n  }\n}\n")
	}
}

// run runs the commands of a block. The next block starts with their variables and
// in their directory, as in one terminal. A server runs in a terminal of its own.
func (f *follower) run(b block, notRun bool) {
	f.t.Helper()
	script := f.replace(b.text)
	f.checkScript(b, script)
	if notRun {
		return
	}
	for _, program := range []string{"node", "openssl"} {
		if _, err := exec.LookPath(program); err != nil && strings.Contains(script, program+" ") {
			f.t.Skipf("%s is not installed", program)
		}
	}
	for _, pattern := range servers {
		if name := pattern.FindString(script); name != "" {
			f.start(b, name, script)
			return
		}
	}
	if strings.Contains(script, "terraform ") {
		f.unchecked = false
	}
	for _, s := range f.running {
		s.forget()
	}
	command := f.bash(`trap '{ declare -x; echo "cd \"$PWD\""; } >"$STATE"' EXIT; . "$STATE"; set -aeo pipefail` +
		"\n" + script)
	out, err := command.CombinedOutput()
	f.output = string(out)
	wanted := 0
	if status, ok := b.hint("exit"); ok {
		wanted, _ = strconv.Atoi(status)
	}
	if exit := new(exec.ExitError); err != nil && !errors.As(err, &exit) {
		f.t.Fatal(err)
	}
	if status := command.ProcessState.ExitCode(); status != wanted {
		f.t.Fatalf("line %d: exit status %d, want %d\n%s%s", b.line, status, wanted, script, out)
	}
}

func (f *follower) bash(script string) *exec.Cmd {
	command := exec.Command("bash", "-c", script)
	command.Dir = f.workDir()
	command.Env = append(slices.Clip(f.env), "STATE="+f.path("state"))
	return command
}

// start starts a server, on a port of this page.
func (f *follower) start(b block, name, script string) {
	f.t.Helper()
	address := endpointAddress
	if strings.HasSuffix(name, " sandbox") {
		address = sandboxAddress
	}
	own := f.addresses[address]
	_ = f.reserved[address].Close()
	_, port, _ := strings.Cut(own, ":")
	head, last := "", strings.TrimSpace(script)
	if i := strings.LastIndex(last, "\n"); i >= 0 {
		head, last = last[:i+1], last[i+1:]
	}
	if strings.HasSuffix(name, "/examples/receiver@latest") {
		receiver, err := builtReceiver()
		if err != nil {
			f.t.Fatal(err)
		}
		last = strings.Replace(last, name, receiver, 1)
	}
	if !strings.HasPrefix(name, "node") {
		last += " -listen " + own
	}
	s := &server{command: f.bash(head + "exec env PORT=" + port + " " + last)}
	s.command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	s.command.Stdout, s.command.Stderr = s, s
	if err := s.command.Start(); err != nil {
		f.t.Fatal(err)
	}
	f.running[name] = s
	f.eventually(b, s.printed, func(printed string) bool {
		return strings.Contains(printed, own)
	})
}

// stop interrupts a server, which the name names in part.
func (f *follower) stop(part string) {
	f.t.Helper()
	for name, s := range f.running {
		if strings.Contains(name, part) {
			s.stop()
			delete(f.running, name)
			return
		}
	}
	f.t.Fatalf("no server %q is running", part)
}

// eventually waits until a condition holds for what a server has printed.
func (f *follower) eventually(b block, printed func() string, holds func(string) bool) {
	f.t.Helper()
	deadline := time.After(outputPatience)
	ticker := time.NewTicker(pollInterval)
	defer ticker.Stop()
	for !holds(printed()) {
		select {
		case <-ticker.C:
		case <-deadline:
			f.t.Fatalf("line %d: the output is missing\n%s", b.line, printed())
		}
	}
}

// expect compares a block with the output of the last command, or else with what
// the servers print since then.
func (f *follower) expect(b block) {
	f.t.Helper()
	if shows(f.withDefaults(f.output), b.text) {
		return
	}
	if len(f.running) == 0 {
		f.t.Errorf("line %d: the output is another:\n%s", b.line, f.output)
		return
	}
	f.eventually(b, func() string {
		all := f.output
		for name, s := range f.running {
			all += "\n== " + name + "\n" + s.printed()
		}
		return all
	}, func(string) bool {
		for _, s := range f.running {
			if shows(f.withDefaults(s.printed()), b.text) {
				return true
			}
		}
		return false
	})
}
