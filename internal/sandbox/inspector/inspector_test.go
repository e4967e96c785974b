// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package inspector

import (
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"
)

func get(method, path string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	New("dr").ServeHTTP(w, httptest.NewRequest(method, path, nil))
	return w
}

// policies are the headers of every file.
var policies = map[string]string{
	"Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; " +
		"connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
	"X-Content-Type-Options": "nosniff",
	"Referrer-Policy":        "no-referrer",
	"Cache-Control":          "no-cache",
}

func TestFiles(t *testing.T) {
	files, err := os.ReadDir("assets")
	if err != nil {
		t.Fatal(err)
	}
	contentTypes := map[string]string{
		"html": "text/html; charset=utf-8", "css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8",
		"svg": "image/svg+xml",
	}
	for _, f := range files {
		path := "/_sandbox/inspector/" + f.Name()
		if f.Name() == "index.html" {
			path = "/"
		}
		if !Serves(path) {
			t.Errorf("%s does not belong to the inspector", path)
		}
		w := get("GET", path)
		_, extension, _ := strings.Cut(f.Name(), ".")
		if w.Code != 200 || w.Header().Get("Content-Type") != contentTypes[extension] || w.Body.Len() == 0 {
			t.Errorf("%s: %d %s, %d bytes", path, w.Code, w.Header().Get("Content-Type"), w.Body.Len())
		}
		for name, want := range policies {
			if got := w.Header().Get(name); got != want {
				t.Errorf("%s: %s is %q, want %q", path, name, got, want)
			}
		}
		if w := get("HEAD", path); w.Code != 200 || w.Body.Len() != 0 {
			t.Errorf("HEAD %s: %d, %d bytes", path, w.Code, w.Body.Len())
		}
	}
}

func TestOtherPathsAndMethods(t *testing.T) {
	for _, path := range []string{
		"/_sandbox/inspector/", "/_sandbox/inspector/index.html", "/_sandbox/inspector/../inspector.go",
	} {
		if w := get("GET", path); w.Code != 404 {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
	for _, method := range []string{"POST", "PUT", "DELETE", "OPTIONS"} {
		if w := get(method, "/"); w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") != "GET, HEAD" {
			t.Errorf("%s: %d, %q", method, w.Code, w.Header().Get("Allow"))
		}
	}
	for _, path := range []string{"/webhooks", "/_sandbox/", "/_sandbox/inspectors", ""} {
		if Serves(path) {
			t.Errorf("%q belongs to the inspector", path)
		}
	}
}

// TestPageKeepsToItsPolicy finds what the policy forbids, which a browser would only
// report when it gets there.
func TestPageKeepsToItsPolicy(t *testing.T) {
	for path, patterns := range map[string][]string{
		"/": {`<script[^>]*>[^<]`, `<style`, `\sstyle=`, `\son[a-z]+=`, `(src|href)="(https?:)?//`, `<form[^>]*action`},
		"/_sandbox/inspector/inspector.js": {
			`innerHTML`, `outerHTML`, `insertAdjacentHTML`, `document\.write`, `\beval\b`, `new Function`, `https?://`,
			`["']style["']`,
		},
		"/_sandbox/inspector/inspector.css": {`url\(`, `@import`},
	} {
		body := get("GET", path).Body.String()
		for _, pattern := range patterns {
			if found := regexp.MustCompile(`.*` + pattern + `.*`).FindString(body); found != "" {
				t.Errorf("%s has %q", path, found)
			}
		}
	}
}

func TestCommandIsEscaped(t *testing.T) {
	w := httptest.NewRecorder()
	New(`"C:\<b> dr"`).ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	page := w.Body.String()
	if strings.Contains(page, "<b>") || !strings.Contains(page, `&#34;C:\&lt;b&gt; dr&#34; listen`) {
		t.Error("the command is not in the page, or not escaped")
	}
}
