// Package redact takes credentials out of what is shown to people.
package redact

import (
	"net/url"
	"strings"
)

// URL returns the scheme, host and path of a URL. It leaves out the user name,
// password, query and fragment, where credentials may be. Text that is not a URL
// keeps what comes before a query, but becomes "(invalid URL)" if it has an @,
// which may follow a password.
func URL(raw string) string {
	u, err := url.Parse(raw)
	if err == nil && u.Host != "" {
		shown := url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path, RawPath: u.RawPath}
		return shown.String()
	}
	if strings.Contains(raw, "@") {
		return "(invalid URL)"
	}
	if end := strings.IndexAny(raw, "?#"); end >= 0 {
		return raw[:end]
	}
	return raw
}
