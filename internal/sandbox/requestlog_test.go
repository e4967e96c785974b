// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package sandbox_test

import (
	"testing"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/sandbox"
)

func TestRequestLog(t *testing.T) {
	s := start(t, sandbox.Options{})
	equal(t, "at the start", s.control(200, "GET", "/requests", "").body, "[]")
	id := s.create(simpleWebhook)
	s.call(404, "GET", "/webhooks/a%2Fb", "")
	s.callAs(liveKey, 200, "GET", "/webhooks?type=order.*&x=1", "")
	s.callAs("", 401, "DELETE", "/webhooks/"+id, "")
	s.callAs(restrictedKey, 403, "DELETE", "/webhooks/"+id, "")
	s.setFaults(`[{"kind":"status","status":503,"times":1}]`)
	s.call(503, "PUT", "/nothing", "")
	s.call(400, "POST", "/webhooks", authenticationWebhook[:len(authenticationWebhook)-1])
	equal(t, "log", s.requestLog(), []string{
		"POST /webhooks? 201 test ",
		"GET /webhooks/a%2Fb? 404 test ",
		"GET /webhooks?type=order.*&x=1 200 live ",
		"DELETE /webhooks/" + id + "? 401  ",
		"DELETE /webhooks/" + id + "? 403 test ",
		"PUT /nothing? 503 test status",
		"POST /webhooks? 400 test ",
	})
	first := decode[[]map[string]any](t, s.control(200, "GET", "/requests", "").body)[0]
	if at := first["time"].(string); !timeForm.MatchString(at) {
		t.Errorf("time %q", at)
	}
	delete(first, "time")
	delete(first, "durationMs")
	equal(t, "members", first, map[string]any{
		"method": "POST", "path": "/webhooks", "query": "", "status": 201.0, "mode": "test", "fault": "",
	})
	s.control(204, "DELETE", "/requests", "")
	equal(t, "cleared", s.requestLog(), []string(nil))
}
