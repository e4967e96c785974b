// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package sandbox_test

import (
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/sandbox"
)

// TestClock shows that everything goes by the sandbox's clock, also after a
// restart.
func TestClock(t *testing.T) {
	inBubble(t, func(t *testing.T, n *network) {
		o := sandbox.Options{DataFile: filepath.Join(t.TempDir(), "data")}
		s, stop := n.sandbox(o)
		ahead := func(what, layout, text string) {
			t.Helper()
			at, err := time.Parse(layout, text)
			if err != nil {
				t.Fatal(err)
			}
			equal(t, what, time.Until(at), 48*time.Hour)
		}
		s.advance("24h")
		r := s.control(200, "POST", "/clock", `{"advance":"24h"}`)
		ahead("time", time.RFC3339, r.object(t)["time"].(string))
		equal(t, "read", s.control(200, "GET", "/clock", "").body, r.body)
		ahead("Date of a control endpoint", http.TimeFormat, r.header.Get("Date"))
		ahead("Date of the API", http.TimeFormat, s.call(200, "GET", "/webhooks", "").header.Get("Date"))
		id := s.create(simpleWebhook)
		ahead("createdTime", time.RFC3339, s.webhook(id)["createdTime"].(string))
		stop()

		s, _ = n.sandbox(o)
		pass(time.Second)
		ahead("time after a restart", time.RFC3339,
			s.control(200, "POST", "/clock", `{"advance":"0s"}`).object(t)["time"].(string))
		ahead("updatedTime after a restart", time.RFC3339,
			s.call(200, "PATCH", "/webhooks/"+id, `{}`).object(t)["updatedTime"].(string))
	})
}

func TestClockRefuses(t *testing.T) {
	s := start(t, sandbox.Options{})
	for body, want := range map[string][]string{
		`{}`:                     {"missing_parameter advance"},
		`{"advance":"-1h"}`:      {"invalid_parameter advance"},
		`{"advance":"soon"}`:     {"invalid_parameter advance"},
		`{"advance":""}`:         {"invalid_parameter advance"},
		`{"advance":60}`:         {"invalid_parameter advance"},
		`{"advance":null}`:       {"invalid_parameter advance"},
		`{"advance":"1h","x":1}`: {"unknown_parameter x"},
		`{"x":1}`:                {"unknown_parameter x", "missing_parameter advance"},
		`1h`:                     {"invalid_format"},
	} {
		equal(t, body, s.control(400, "POST", "/clock", body).errors(t), want)
	}
	s.advance("87600h")
	equal(t, "too far", s.control(400, "POST", "/clock", `{"advance":"1s"}`).errors(t),
		[]string{"invalid_parameter advance"})
}
