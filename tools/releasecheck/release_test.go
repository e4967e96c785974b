// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package releasecheck

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestRelease(t *testing.T) {
	k := newKey(t)
	r := release(t, k, filepath.Join(t.TempDir(), "checkout"))

	t.Run("it is a draft with the notes of its version", func(t *testing.T) {
		if r.TagName != "v"+version || !r.Draft || r.Prerelease {
			t.Errorf("got %+v", r)
		}
		if !strings.Contains(r.Body, "* ") || strings.Contains(r.Body, "An older version.") {
			t.Errorf("the notes are not those of CHANGELOG.md:\n%s", r.Body)
		}
	})

	t.Run("it has the files that registries expect, and an SBOM", func(t *testing.T) {
		want := []string{archive, manifest, sums, signature, sbom}
		slices.Sort(want)
		if got := list(t, r.dir); !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	})

	t.Run("SHA256SUMS has the archive and the manifest", func(t *testing.T) {
		var want strings.Builder
		for _, file := range []string{archive, manifest} {
			fmt.Fprintf(&want, "%x  %s\n", sha256.Sum256(read(t, r.file(file))), file)
		}
		if got := string(read(t, r.file(sums))); got != want.String() {
			t.Errorf("got\n%swant\n%s", got, want.String())
		}
	})

	t.Run("the signature is valid", func(t *testing.T) {
		run(t, r.dir, k.env(), "gpg", "--verify", signature, sums)
	})

	t.Run("the manifest names protocol 6", func(t *testing.T) {
		if got := protocols(t, r); !slices.Equal(got, []string{"6.0"}) {
			t.Errorf("got %q", got)
		}
	})

	t.Run("the archive has the provider and what belongs to it", func(t *testing.T) {
		want := map[string]os.FileMode{
			"CHANGELOG.md":        0o644,
			"LICENSE":             0o644,
			"README.md":           0o644,
			name + "_v" + version: 0o755,
		}
		date, err := time.Parse(time.RFC3339, commitDate)
		if err != nil {
			t.Fatal(err)
		}
		files := unzip(t, r.file(archive))
		if len(files) != len(want) {
			t.Errorf("%d files, want %d", len(files), len(want))
		}
		for _, f := range files {
			if mode, ok := want[f.Name]; !ok || f.Mode() != mode || !f.Modified.Equal(date) {
				t.Errorf("%s %s %s, want %s %s", f.Mode(), f.Modified.UTC(), f.Name, mode, date)
			}
		}
	})

	t.Run("the SBOM is about this version, and names the modules", func(t *testing.T) {
		var document struct {
			Metadata struct {
				Component struct{ Name, Version string }
			}
			Components []struct{ Name string }
		}
		if err := json.Unmarshal(read(t, r.file(sbom)), &document); err != nil {
			t.Fatal(err)
		}
		if c := document.Metadata.Component; !strings.HasSuffix(c.Name, "/"+name) || c.Version != "v"+version {
			t.Errorf("got %+v", c)
		}
		var modules []string
		for _, c := range document.Components {
			modules = append(modules, c.Name)
		}
		for _, module := range []string{"std", "github.com/hashicorp/terraform-plugin-framework", "google.golang.org/grpc"} {
			if !slices.Contains(modules, module) {
				t.Errorf("no %s in %q", module, modules)
			}
		}
	})

	// Another directory, another time zone, and other times and modes of the files.
	t.Run("a second build has the same bytes", func(t *testing.T) {
		defer syscall.Umask(syscall.Umask(0o077))
		again := release(t, k, filepath.Join(t.TempDir(), "another", "directory"), "TZ=Asia/Tokyo")
		for _, file := range []string{archive, manifest, sums, sbom} {
			if !bytes.Equal(read(t, r.file(file)), read(t, again.file(file))) {
				t.Errorf("%s differs", file)
			}
		}
	})

	t.Run("install", func(t *testing.T) { testInstall(t, k, r) })
}

func TestReleaseNotes(t *testing.T) {
	if _, stderr, err := try(t, "", nil, "../release-notes.sh", "v99.0.0"); err == nil {
		t.Error("notes for a version that CHANGELOG.md does not have")
	} else if !strings.Contains(stderr, `no section "## 99.0.0"`) {
		t.Error(stderr)
	}
}

// protocols returns the protocol versions of the manifest.
func protocols(t *testing.T, r draft) []string {
	t.Helper()
	var m struct {
		Version  int
		Metadata struct {
			ProtocolVersions []string `json:"protocol_versions"`
		}
	}
	if err := json.Unmarshal(read(t, r.file(manifest)), &m); err != nil || m.Version != 1 {
		t.Fatalf("manifest of version %d: %v", m.Version, err)
	}
	return m.Metadata.ProtocolVersions
}

func list(t *testing.T, dir string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	return names
}

func unzip(t *testing.T, path string) []*zip.File {
	t.Helper()
	reader, err := zip.OpenReader(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = reader.Close() })
	return reader.File
}

// tamper copies a release, and adds a file to its archive.
func tamper(t *testing.T, r draft) draft {
	t.Helper()
	copied := draft{dir: t.TempDir()}
	if err := os.CopyFS(copied.dir, os.DirFS(r.dir)); err != nil {
		t.Fatal(err)
	}
	var buffer bytes.Buffer
	writer := zip.NewWriter(&buffer)
	for _, f := range unzip(t, r.file(archive)) {
		if err := writer.Copy(f); err != nil {
			t.Fatal(err)
		}
	}
	if w, err := writer.Create("extra"); err != nil {
		t.Fatal(err)
	} else if _, err := io.WriteString(w, "extra"); err != nil {
		t.Fatal(err)
	}
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	write(t, copied.file(archive), buffer.String())
	return copied
}
