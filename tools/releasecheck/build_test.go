// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

// Package releasecheck builds a release as the release workflow does, for the platform that it runs on, and takes it
// as users and registries do. `make release-check` runs it.
package releasecheck

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"testing"
)

const (
	source  = "digitalriver/digitalriver"
	name    = "terraform-provider-digitalriver"
	version = "0.1.0"

	// The files of a release.
	archive   = name + "_" + version + "_" + runtime.GOOS + "_" + runtime.GOARCH + ".zip"
	manifest  = name + "_" + version + "_manifest.json"
	sums      = name + "_" + version + "_SHA256SUMS"
	signature = sums + ".sig"
	sbom      = name + "_" + version + "_sbom.cdx.json"

	// The commit that is released, in each checkout.
	commitDate = "2026-01-02T03:04:06Z"
)

var (
	goreleaser = flag.String("goreleaser", "", "path of goreleaser")
	cli        = flag.String("cli", "", "path of Terraform or OpenTofu")
)

func TestMain(m *testing.M) {
	flag.Parse()
	if *goreleaser == "" || *cli == "" {
		fmt.Fprintln(os.Stderr, "Run this with `make release-check`.")
		os.Exit(2)
	}
	os.Exit(m.Run())
}

// key is a throwaway key that signs a release.
type key struct{ home, fingerprint, public string }

func newKey(t *testing.T) key {
	t.Helper()
	home, err := os.MkdirTemp("", "gpg") //nolint:usetesting // gpg-agent's socket in it needs a short path
	if err != nil {
		t.Fatal(err)
	}
	k := key{home: home}
	t.Cleanup(func() {
		run(t, "", k.env(), "gpgconf", "--kill", "all")
		_ = os.RemoveAll(home)
	})
	run(t, "", k.env(), "gpg", "--batch", "--quiet", "--passphrase", "",
		"--quick-generate-key", "Release check", "rsa3072", "sign", "1d")
	keys := run(t, "", k.env(), "gpg", "--list-keys", "--with-colons")
	k.fingerprint = regexp.MustCompile(`(?m)^fpr:+(\w+):`).FindStringSubmatch(keys)[1]
	k.public = run(t, "", k.env(), "gpg", "--armor", "--export", k.fingerprint)
	return k
}

func (k key) env() []string {
	return []string{"GNUPGHOME=" + k.home, "GPG_FINGERPRINT=" + k.fingerprint}
}

// draft is a release on GitHub: its files, and what goreleaser said about it.
type draft struct {
	dir        string
	TagName    string `json:"tag_name"`
	Body       string `json:"body"`
	Draft      bool   `json:"draft"`
	Prerelease bool   `json:"prerelease"`
}

func (d draft) file(name string) string { return filepath.Join(d.dir, name) }

// release checks this commit out into a directory, tags it, and releases it to a server that behaves as GitHub.
func release(t *testing.T, k key, checkout string, env ...string) draft {
	t.Helper()
	env = append(env, k.env()...)
	env = append(env, "GITHUB_TOKEN=test", "GOFLAGS=-buildvcs=true",
		"GIT_AUTHOR_DATE="+commitDate, "GIT_COMMITTER_DATE="+commitDate)
	git := func(args ...string) {
		t.Helper()
		run(t, checkout, env, "git", append([]string{"-c", "user.name=Test", "-c", "user.email=test@example.com",
			"-c", "commit.gpgSign=false", "-c", "tag.gpgSign=false"}, args...)...)
	}
	run(t, "", env, "git", "clone", "--quiet", "--no-tags", "../..", checkout)
	git("remote", "set-url", "origin", "https://github.com/"+strings.Split(source, "/")[0]+"/"+name)
	changelog := filepath.Join(checkout, "CHANGELOG.md")
	edit(t, changelog, `(?m)\A(# .*\n\n)## .*`, "${1}## "+version+" (January 2, 2026)")
	edit(t, changelog, `\z`, "\n## 0.0.1\n\n* An older version.\n")
	run(t, checkout, env, *goreleaser, "check")
	git("commit", "--quiet", "--all", "--message=Release")
	git("tag", "v"+version)

	d := draft{dir: t.TempDir()}
	server := httptest.NewServer(gitHub(t, &d))
	defer server.Close()

	notes := filepath.Join(t.TempDir(), "notes.md")
	write(t, notes, run(t, checkout, env, "tools/release-notes.sh", "v"+version))
	config := filepath.Join(t.TempDir(), "goreleaser.yml")
	write(t, config, string(read(t, filepath.Join(checkout, ".goreleaser.yml"))))
	edit(t, config, `(?m)^    goos: .*`, "    goos: ["+runtime.GOOS+"]")
	edit(t, config, `(?m)^    goarch: .*`, "    goarch: ["+runtime.GOARCH+"]")
	edit(t, config, `(?m)\z`, "\ngithub_urls: { api: "+server.URL+"/, upload: "+server.URL+"/ }\n")
	run(t, checkout, env, *goreleaser, "release", "--clean", "--config", config, "--release-notes", notes)
	return d
}

// gitHub serves what goreleaser uses of GitHub's API to make a release.
func gitHub(t *testing.T, d *draft) http.Handler {
	var mutex sync.Mutex
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/v3/rate_limit", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"resources": {"core": {"limit": 5000, "remaining": 5000}}}`)
	})
	mux.HandleFunc("GET /api/v3/repos/{owner}/{repo}/releases/tags/{tag}", http.NotFound)
	mux.HandleFunc("GET /api/v3/repos/{owner}/{repo}/releases", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `[]`)
	})
	mux.HandleFunc("POST /api/v3/repos/{owner}/{repo}/releases", func(w http.ResponseWriter, r *http.Request) {
		if err := json.NewDecoder(r.Body).Decode(d); err != nil {
			t.Error(err)
		}
		w.WriteHeader(http.StatusCreated)
		_, _ = io.WriteString(w, `{"id": 1}`)
	})
	mux.HandleFunc("POST /api/uploads/repos/{owner}/{repo}/releases/1/assets",
		func(w http.ResponseWriter, r *http.Request) {
			mutex.Lock()
			defer mutex.Unlock()
			content, err := io.ReadAll(r.Body)
			if err != nil {
				t.Error(err)
			}
			file := filepath.Join(d.dir, filepath.Base(r.URL.Query().Get("name")))
			if err := os.WriteFile(file, content, 0o600); err != nil {
				t.Error(err)
			}
			w.WriteHeader(http.StatusCreated)
			_, _ = io.WriteString(w, `{"id": 1}`)
		})
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		t.Errorf("unexpected request to GitHub: %s %s", r.Method, r.URL)
		http.NotFound(w, r)
	})
	return mux
}

// run runs a command that must succeed, and returns its standard output.
func run(t *testing.T, dir string, env []string, command string, args ...string) string {
	t.Helper()
	stdout, stderr, err := try(t, dir, env, command, args...)
	if err != nil {
		t.Fatalf("%s %s: %v\n%s%s", filepath.Base(command), strings.Join(args, " "), err, stdout, stderr)
	}
	return stdout
}

// try runs a command.
func try(t *testing.T, dir string, env []string, command string, args ...string) (stdout, stderr string, err error) {
	t.Helper()
	var out, errOut strings.Builder
	cmd := exec.Command(command, args...)
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = dir, append(os.Environ(), env...), &out, &errOut
	err = cmd.Run()
	return out.String(), errOut.String(), err
}

// edit replaces the only match of a regular expression in a file.
func edit(t *testing.T, path, expression, replacement string) {
	t.Helper()
	re, content := regexp.MustCompile(expression), read(t, path)
	if n := len(re.FindAll(content, -1)); n != 1 {
		t.Fatalf("%s matches %s %d times, want once", expression, path, n)
	}
	write(t, path, re.ReplaceAllString(string(content), replacement))
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return content
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
