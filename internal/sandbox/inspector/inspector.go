// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

// Package inspector is a page for browsers that shows what happens in a sandbox
// and controls it. It holds no state: its script uses the control endpoints and
// the stream of the sandbox that serves it.
package inspector

import (
	"bytes"
	"embed"
	"html/template"
	"net/http"
	"path"
	"strings"
	"time"
)

// root is the path of everything but the page itself, which is at /.
const root = "/_sandbox/inspector/"

//go:embed assets
var assets embed.FS

var page = template.Must(template.ParseFS(assets, "assets/index.html"))

// contentTypes has the files below root.
var contentTypes = map[string]string{
	"inspector.css": "text/css; charset=utf-8",
	"inspector.js":  "text/javascript; charset=utf-8",
	"icon.svg":      "image/svg+xml",
}

// policy lets the page use what its own host serves, and nothing else.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// Serves reports whether a path belongs to the inspector.
func Serves(path string) bool { return path == "/" || strings.HasPrefix(path, root) }

// New returns the handler of the paths that the inspector [Serves]. The command is
// how a terminal calls the provider's binary.
func New(command string) http.Handler {
	var index bytes.Buffer
	if err := page.Execute(&index, struct{ Command string }{command}); err != nil {
		panic(err) // The page is part of the program.
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "Only GET and HEAD are allowed here.", http.StatusMethodNotAllowed)
			return
		}
		contentType, content := "text/html; charset=utf-8", index.Bytes()
		if r.URL.Path != "/" {
			name := strings.TrimPrefix(r.URL.Path, root)
			contentType = contentTypes[name]
			if contentType == "" {
				http.NotFound(w, r)
				return
			}
			content, _ = assets.ReadFile(path.Join("assets", name)) // A test reads them all.
		}
		h := w.Header()
		h.Set("Content-Type", contentType)
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cache-Control", "no-cache")
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
	})
}
