package sandbox_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/sandbox"
)

func TestHealth(t *testing.T) {
	s := start(t, sandbox.Options{})
	s.callAs("", 200, "GET", "/_sandbox/health", "")
}

func TestRequestLog(t *testing.T) {
	s := start(t, sandbox.Options{})
	equal(t, "at the start", s.callAs("", 200, "GET", "/_sandbox/requests", "").body, "[]")
	id := s.create(simple)
	s.call(404, "GET", "/webhooks/a%2Fb", "")
	s.callAs(liveKey, 200, "GET", "/webhooks?type=order.*&x=1", "")
	s.callAs("", 401, "DELETE", "/webhooks/"+id, "")
	s.callAs(restrictedKey, 403, "DELETE", "/webhooks/"+id, "")
	s.callAs("", 200, "PUT", "/_sandbox/faults", `[{"kind":"status","status":503,"times":1}]`)
	s.call(503, "PUT", "/nothing", "")
	s.call(400, "POST", "/webhooks", authWebhook[:len(authWebhook)-1])
	equal(t, "log", s.logged(), []string{
		"POST /webhooks? 201 test ",
		"GET /webhooks/a%2Fb? 404 test ",
		"GET /webhooks?type=order.*&x=1 200 live ",
		"DELETE /webhooks/" + id + "? 401  ",
		"DELETE /webhooks/" + id + "? 403 test ",
		"PUT /nothing? 503 test status",
		"POST /webhooks? 400 test ",
	})
	first := decode[[]map[string]any](t, s.callAs("", 200, "GET", "/_sandbox/requests", "").body)[0]
	if at := first["time"].(string); !timeForm.MatchString(at) {
		t.Errorf("time %q", at)
	}
	delete(first, "time")
	equal(t, "members", first, map[string]any{
		"method": "POST", "path": "/webhooks", "query": "", "status": 201.0, "mode": "test", "fault": "",
	})
	s.callAs("", 204, "DELETE", "/_sandbox/requests", "")
	equal(t, "cleared", len(s.logged()), 0)
}

// TestControlIsApart shows that control endpoints have no key, no limit, no
// fault, no latency and no entry in the log.
func TestControlIsApart(t *testing.T) {
	s := start(t, sandbox.Options{RateLimit: "1", Latency: time.Hour})
	s.callAs("", 200, "PUT", "/_sandbox/faults", `[{"kind":"status","status":500}]`)
	for range 3 {
		s.callAs("", 200, "GET", "/_sandbox/health", "")
	}
	equal(t, "log", len(s.logged()), 0)
}

func TestControlPaths(t *testing.T) {
	s := start(t, sandbox.Options{})
	for _, test := range []struct {
		method, path string
		status       int
		allow        string
	}{
		{"GET", "/_sandbox", 404, ""},
		{"GET", "/_sandbox/", 404, ""},
		{"GET", "/_sandbox/nothing", 404, ""},
		{"POST", "/_sandbox/health", 405, "GET"},
		{"PUT", "/_sandbox/requests", 405, "GET, DELETE"},
		{"POST", "/_sandbox/faults", 405, "GET, PUT"},
		{"GET", "/_sandbox/clock", 405, "POST"},
		{"GET", "/_sandbox/reset", 405, "POST"},
		{"GET", "/_sandbox/events", 405, "POST"},
		{"DELETE", "/_sandbox/deliveries", 405, "GET"},
	} {
		r := s.callAs("", test.status, test.method, test.path, "")
		equal(t, test.path, r.header.Get("Allow"), test.allow)
		equal(t, test.path, len(r.parameters(t)), 1)
	}
}

func TestClock(t *testing.T) {
	file := filepath.Join(t.TempDir(), "data")
	var id string
	t.Run("advance", func(t *testing.T) {
		s := start(t, sandbox.Options{DataFile: file})
		s.advance("24h")
		r := s.callAs("", 200, "POST", "/_sandbox/clock", `{"advance":"24h"}`)
		ahead(t, "answer", r.object(t)["time"].(string))
		date, err := http.ParseTime(r.header.Get("Date"))
		if err != nil {
			t.Fatal(err)
		}
		ahead(t, "Date", date.Format(time.RFC3339))
		date, err = http.ParseTime(s.call(200, "GET", "/webhooks", "").header.Get("Date"))
		if err != nil {
			t.Fatal(err)
		}
		ahead(t, "Date of the API", date.Format(time.RFC3339))
		id = s.create(simple)
		ahead(t, "createdTime", s.call(200, "GET", "/webhooks/"+id, "").object(t)["createdTime"].(string))
	})
	t.Run("after a restart", func(t *testing.T) {
		s := start(t, sandbox.Options{DataFile: file})
		r := s.callAs("", 200, "POST", "/_sandbox/clock", `{"advance":"0s"}`)
		ahead(t, "answer", r.object(t)["time"].(string))
		ahead(t, "updatedTime", s.call(200, "PATCH", "/webhooks/"+id, `{}`).object(t)["updatedTime"].(string))
	})
}

// ahead wants a time two days from now.
func ahead(t *testing.T, what, text string) {
	t.Helper()
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	if off := time.Until(at) - 48*time.Hour; off.Abs() > time.Minute {
		t.Errorf("%s: %s is %s off", what, at, off)
	}
}

func TestBadClock(t *testing.T) {
	s := start(t, sandbox.Options{})
	for body, want := range map[string][]string{
		`{}`:                     {"missing_parameter advance"},
		`{"advance":"-1h"}`:      {"invalid_parameter advance"},
		`{"advance":"soon"}`:     {"invalid_parameter advance"},
		`{"advance":""}`:         {"invalid_parameter advance"},
		`{"advance":60}`:         {"invalid_parameter advance"},
		`{"advance":null}`:       {"invalid_parameter advance"},
		`{"advance":"1h","x":1}`: {"invalid_parameter x"},
		`{"x":1}`:                {"missing_parameter advance", "invalid_parameter x"},
		`1h`:                     {"invalid_body"},
	} {
		equal(t, body, s.callAs("", 400, "POST", "/_sandbox/clock", body).parameters(t), want)
	}
	s.advance("2540400h")
	equal(t, "overflow", s.callAs("", 400, "POST", "/_sandbox/clock", `{"advance":"2540400h"}`).parameters(t), []string{"invalid_parameter advance"})
}

func TestReset(t *testing.T) {
	file := filepath.Join(t.TempDir(), "data")
	t.Run("reset", func(t *testing.T) {
		s := start(t, sandbox.Options{DataFile: file})
		id := s.create(simple)
		s.callAs(liveKey, 201, "POST", "/webhooks", simple)
		s.advance("48h")
		s.callAs("", 200, "PUT", "/_sandbox/faults", `[{"kind":"status","status":500}]`)
		s.callAs("", 204, "POST", "/_sandbox/reset", "")
		equal(t, "log", len(s.logged()), 0)
		equal(t, "faults", s.callAs("", 200, "GET", "/_sandbox/faults", "").body, "[]")
		equal(t, "test list", s.call(200, "GET", "/webhooks", "").body, "[]")
		equal(t, "live list", s.callAs(liveKey, 200, "GET", "/webhooks", "").body, "[]")
		s.call(404, "GET", "/webhooks/"+id+"/secrets", "")
		s.advance("48h")
		ahead(t, "createdTime", s.call(201, "POST", "/webhooks", simple).object(t)["createdTime"].(string))
	})
	t.Run("after a restart", func(t *testing.T) {
		s := start(t, sandbox.Options{DataFile: file})
		equal(t, "test list", len(s.ids("/webhooks")), 1)
		equal(t, "live list", s.callAs(liveKey, 200, "GET", "/webhooks", "").body, "[]")
	})
}

func TestRestart(t *testing.T) {
	file := filepath.Join(t.TempDir(), "data")
	var list, secrets, path string
	t.Run("before", func(t *testing.T) {
		s := start(t, sandbox.Options{DataFile: file})
		for range 3 {
			path = "/webhooks/" + s.create(oauthWebhook)
		}
		s.call(200, "PATCH", path, `{"transportType":"HTTP"}`)
		s.rotate(path+"/secrets", 12)
		list = s.call(200, "GET", "/webhooks", "").body
		secrets = s.call(200, "GET", path+"/secrets", "").body
	})
	t.Run("after", func(t *testing.T) {
		s := start(t, sandbox.Options{DataFile: file})
		equal(t, "list", s.call(200, "GET", "/webhooks", "").body, list)
		equal(t, "secrets", s.call(200, "GET", path+"/secrets", "").body, secrets)
		equal(t, "log", len(s.logged()), 2)
		last := s.create(simple)
		if ids := s.ids("/webhooks"); ids[3] != last {
			t.Errorf("the new webhook is not the last of %s", ids)
		}
	})
}

func TestOpenErrors(t *testing.T) {
	inUse := filepath.Join(t.TempDir(), "data")
	start(t, sandbox.Options{DataFile: inUse})
	other := filepath.Join(t.TempDir(), "text")
	if err := os.WriteFile(other, []byte(strings.Repeat("no sandbox ", 10_000)), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		options sandbox.Options
		want    string
	}{
		"file in use":        {sandbox.Options{DataFile: inUse}, "data file " + inUse},
		"file of another":    {sandbox.Options{DataFile: other}, "data file " + other},
		"no directory":       {sandbox.Options{DataFile: filepath.Join(other, "data")}, "data file"},
		"no requests at all": {sandbox.Options{RateLimit: "0"}, `rate limit "0"`},
		"rate limit":         {sandbox.Options{RateLimit: "fast"}, `rate limit "fast"`},
		"list form":          {sandbox.Options{ListForm: "dictionary"}, `list form "dictionary"`},
		"latency":            {sandbox.Options{Latency: -1}, "latency -1ns"},
	} {
		s, err := sandbox.Open(test.options)
		if err == nil {
			_ = s.Close()
		}
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
