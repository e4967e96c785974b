// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package releasecheck

import (
	"bufio"
	"crypto/sha256"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

const (
	platform = runtime.GOOS + "_" + runtime.GOARCH
	lockFile = ".terraform.lock.hcl"

	configuration = `terraform {
  required_providers {
    digitalriver = {
      source  = "` + source + `"
      version = "` + version + `"
    }
  }
}

resource "digitalriver_webhook" "orders" {
  address = "https://shop.example.com/orders"
  types   = ["order.accepted"]
}
`
)

// testInstall installs the release on each way that it can take, without and with the lock file of another way, and
// uses it.
func testInstall(t *testing.T, k key, r draft) {
	host, cliVersion := "registry.terraform.io", run(t, "", nil, *cli, "version")
	t.Log(cliVersion)
	if strings.Contains(cliVersion, "OpenTofu") {
		host = "registry.opentofu.org"
	}
	// Each way returns the lines of the CLI's configuration that make `init` take it.
	ways := map[string]func(t *testing.T, r draft) string{
		"filesystem mirror": func(t *testing.T, r draft) string {
			mirror := t.TempDir()
			write(t, filepath.Join(mirror, host, source, archive), string(read(t, r.file(archive))))
			return fmt.Sprintf("provider_installation {\n  filesystem_mirror {\n    path = %q\n  }\n}\n", mirror)
		},
		"network mirror": func(t *testing.T, r draft) string {
			url := serve(t, networkMirror(r, host))
			return fmt.Sprintf("provider_installation {\n  network_mirror {\n    url = \"%s/\"\n  }\n}\n", url)
		},
		"registry": func(t *testing.T, r draft) string {
			url := serve(t, registry(t, r, k))
			return fmt.Sprintf("host %q {\n  services = {\n    \"providers.v1\" = \"%s/\"\n  }\n}\n", host, url)
		},
	}

	installed := workspace(t, "")
	if stderr, err := initialize(t, installed, ways["registry"](t, r)); err != nil {
		t.Fatalf("%v\n%s", err, stderr)
	}
	lock := string(read(t, filepath.Join(installed, lockFile)))
	if want := fmt.Sprintf("zh:%x", sha256.Sum256(read(t, r.file(archive)))); !strings.Contains(lock, want) {
		t.Errorf("the lock file lacks %s:\n%s", want, lock)
	}

	for way, config := range ways {
		t.Run(way, func(t *testing.T) {
			if stderr, err := initialize(t, workspace(t, ""), config(t, r)); err != nil {
				t.Errorf("without a lock file: %v\n%s", err, stderr)
			}
			if stderr, err := initialize(t, workspace(t, lock), config(t, r)); err != nil {
				t.Errorf("with a lock file: %v\n%s", err, stderr)
			}
			stderr, err := initialize(t, workspace(t, lock), config(t, tamper(t, r)))
			if err == nil || !strings.Contains(stderr, "checksum") {
				t.Errorf("a changed archive: %v\n%s", err, stderr)
			}
		})
	}

	t.Run("a registry with a changed archive and no lock file", func(t *testing.T) {
		stderr, err := initialize(t, workspace(t, ""), ways["registry"](t, tamper(t, r)))
		if err == nil || !strings.Contains(stderr, "checksum") {
			t.Errorf("%v\n%s", err, stderr)
		}
	})

	t.Run("a registry with changed checksums", func(t *testing.T) {
		changed := tamper(t, r)
		sum := func(r draft) string { return fmt.Sprintf("%x", sha256.Sum256(read(t, r.file(archive)))) }
		edit(t, changed.file(sums), sum(r), sum(changed))
		stderr, err := initialize(t, workspace(t, ""), ways["registry"](t, changed))
		if err == nil || !strings.Contains(stderr, "signature") {
			t.Errorf("%v\n%s", err, stderr)
		}
	})

	binary := filepath.Join(installed, ".terraform", "providers", host, source, version, platform, name+"_v"+version)

	t.Run("the binary knows its version", func(t *testing.T) {
		if got := run(t, "", nil, binary, "version"); !strings.Contains(got, version) || strings.Contains(got, "-dev") {
			t.Errorf("got %q", got)
		}
	})

	t.Run("plan against its sandbox", func(t *testing.T) {
		sandbox := exec.Command(binary, "sandbox", "-listen", "127.0.0.1:0", "-quiet")
		output, err := sandbox.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := sandbox.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			_ = sandbox.Process.Kill()
			_ = sandbox.Wait()
		})
		var url string
		for lines := bufio.NewScanner(output); url == "" && lines.Scan(); {
			url, _ = strings.CutPrefix(lines.Text(), "Webhooks API sandbox: ")
		}
		stdout := run(t, installed, append(cliEnv(t, ""), "DIGITALRIVER_BASE_URL="+url,
			"DIGITALRIVER_API_KEY=sk_test_sandbox"), *cli, "plan", "-no-color", "-input=false")
		if !strings.Contains(stdout, "Plan: 1 to add, 0 to change, 0 to destroy.") {
			t.Error(stdout)
		}
	})
}

// workspace returns a directory with a configuration, and a lock file if it is not empty.
func workspace(t *testing.T, lock string) string {
	t.Helper()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "main.tf"), configuration)
	if lock != "" {
		write(t, filepath.Join(dir, lockFile), lock)
	}
	return dir
}

// initialize runs `init` in a directory.
func initialize(t *testing.T, dir, cliConfig string) (stderr string, err error) {
	t.Helper()
	_, stderr, err = try(t, dir, cliEnv(t, cliConfig), *cli, "init", "-no-color", "-input=false")
	return stderr, err
}

// cliEnv returns the environment in which the CLI has a configuration, and trusts the test servers.
func cliEnv(t *testing.T, cliConfig string) []string {
	t.Helper()
	dir := t.TempDir()
	config, certificate := filepath.Join(dir, "cli.tfrc"), filepath.Join(dir, "ca.pem")
	write(t, config, "disable_checkpoint = true\n"+cliConfig)
	server := httptest.NewUnstartedServer(nil)
	server.StartTLS()
	defer server.Close()
	write(t, certificate, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})))
	return []string{"TF_CLI_CONFIG_FILE=" + config, "SSL_CERT_FILE=" + certificate, "TF_PLUGIN_CACHE_DIR="}
}

// serve serves a site with the certificate of httptest.
func serve(t *testing.T, handler http.Handler) string {
	t.Helper()
	server := httptest.NewTLSServer(handler)
	t.Cleanup(server.Close)
	return server.URL
}

// networkMirror serves a release as a network mirror:
// https://developer.hashicorp.com/terraform/internals/provider-network-mirror-protocol
func networkMirror(r draft, host string) http.Handler {
	path := "GET /" + host + "/" + source + "/"
	mux := http.NewServeMux()
	mux.HandleFunc(path+"index.json", func(w http.ResponseWriter, _ *http.Request) {
		respond(w, map[string]any{"versions": map[string]any{version: struct{}{}}})
	})
	mux.HandleFunc(path+version+".json", func(w http.ResponseWriter, _ *http.Request) {
		respond(w, map[string]any{"archives": map[string]any{platform: map[string]any{"url": archive}}})
	})
	mux.Handle(path, http.StripPrefix("/"+host+"/"+source+"/", http.FileServerFS(os.DirFS(r.dir))))
	return mux
}

// registry serves a release as a registry:
// https://developer.hashicorp.com/terraform/internals/provider-registry-protocol
// What it knows about the release is in the release's files, as with the public registries.
func registry(t *testing.T, r draft, k key) http.Handler {
	t.Helper()
	protocols := protocols(t, r)
	var sum string
	for line := range strings.Lines(string(read(t, r.file(sums)))) {
		if s, file, ok := strings.Cut(strings.TrimSpace(line), "  "); ok && file == archive {
			sum = s
		}
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /"+source+"/versions", func(w http.ResponseWriter, _ *http.Request) {
		respond(w, map[string]any{"versions": []any{map[string]any{
			"version":   version,
			"protocols": protocols,
			"platforms": []any{map[string]any{"os": runtime.GOOS, "arch": runtime.GOARCH}},
		}}})
	})
	mux.HandleFunc("GET /"+source+"/"+version+"/download/"+runtime.GOOS+"/"+runtime.GOARCH,
		func(w http.ResponseWriter, _ *http.Request) {
			respond(w, map[string]any{
				"protocols":             protocols,
				"os":                    runtime.GOOS,
				"arch":                  runtime.GOARCH,
				"filename":              archive,
				"download_url":          "/" + archive,
				"shasum":                sum,
				"shasums_url":           "/" + sums,
				"shasums_signature_url": "/" + signature,
				"signing_keys": map[string]any{"gpg_public_keys": []any{map[string]any{
					"key_id":      k.fingerprint,
					"ascii_armor": k.public,
				}}},
			})
		})
	mux.Handle("GET /", http.FileServerFS(os.DirFS(r.dir)))
	return mux
}

func respond(w http.ResponseWriter, body any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(body)
}
