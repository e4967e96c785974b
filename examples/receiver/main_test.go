package main

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/signature"
)

func TestMain_noSecret(t *testing.T) {
	secretFile := writeFile(t, "secret", secret)
	missing := filepath.Join(t.TempDir(), "missing")
	for name, test := range map[string]struct {
		arguments []string
		want      string
	}{
		"no flag":               {nil, "-secret-file must name a file"},
		"missing file":          {[]string{"-secret-file", missing}, missing},
		"missing authorization": {[]string{"-secret-file", secretFile, "-authorization-file", missing}, missing},
		"empty authorization": {
			[]string{"-secret-file", secretFile, "-authorization-file", writeFile(t, "authorization", "\n")},
			"authorization is empty",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			expectNoStart(t, goCommand(t, test.arguments...), test.want)
		})
	}
}

func TestMain_rotation(t *testing.T) {
	t.Parallel()
	secretFile := writeFile(t, "secret", otherSecret)
	r := start(t, goCommand(t, "-secret-file", secretFile))
	body := eventBody("1")
	r.expect(t, signed(body, secret), body, http.StatusBadRequest, mismatch)
	if err := os.WriteFile(secretFile, []byte(otherSecret+"\n"+secret+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	r.expectAccepted(t, "1")
}

func TestMain_tolerance(t *testing.T) {
	t.Parallel()
	r := start(t, goCommand(t, "-secret-file", writeFile(t, "secret", secret), "-tolerance", "2h"))
	body := eventBody("1")
	r.expect(t, signedAt(body, -time.Hour), body, http.StatusAccepted, "received order.accepted 1")
	r.expect(t, signedAt(body, -3*time.Hour), body, http.StatusBadRequest, stale)
}

func TestMain_authorization(t *testing.T) {
	t.Parallel()
	r := start(t, goCommand(t, "-secret-file", writeFile(t, "secret", secret),
		"-authorization-file", writeFile(t, "authorization", "Basic c2hvcDpvcGVu\n")))
	body := eventBody("1")
	for _, test := range []struct {
		authorization string
		status        int
		line          string
	}{
		{"", http.StatusUnauthorized, "refused: wrong credentials"},
		{"Basic c2hvcDpjbG9zZWQ=", http.StatusUnauthorized, "refused: wrong credentials"},
		{"Basic c2hvcDpvcGVu", http.StatusAccepted, "received order.accepted 1"},
	} {
		header := http.Header{signature.HeaderName: {signed(body, secret)}, "Authorization": {test.authorization}}
		if got := post(t, r.url, header, body); got != test.status {
			t.Errorf("Authorization %q: status %d, want %d", test.authorization, got, test.status)
		}
		r.expectLine(t, test.line)
	}
}

func TestServeHTTP_fullQueue(t *testing.T) {
	t.Parallel()
	r := &receiver{writeFile(t, "secret", secret), "", time.Minute, nil}
	body := eventBody("1")
	request := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
	request.Header.Set(signature.HeaderName, signed(body, secret))
	response := httptest.NewRecorder()
	r.ServeHTTP(response, request)
	if response.Code != http.StatusServiceUnavailable {
		t.Errorf("status %d, want %d", response.Code, http.StatusServiceUnavailable)
	}
}

// TestNewServer_unreadResponses sends requests and reads no response.
func TestNewServer_unreadResponses(t *testing.T) {
	t.Parallel()
	connection := dial(t, serveShortened(t, writeTimeout), "")
	requests := strings.Repeat(completeRequest, 100)
	for {
		if _, err := io.WriteString(connection, requests); err != nil {
			if errors.Is(err, os.ErrDeadlineExceeded) {
				t.Error("the receiver keeps the connection")
			}
			return
		}
	}
}
