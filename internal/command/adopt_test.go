// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package command

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/digitalriver"
)

// TestAdopt_incompleteList adopts from an API that returns 100 webhooks, whatever
// it is asked.
func TestAdopt_incompleteList(t *testing.T) {
	webhooks := make([]map[string]any, 100)
	for i := range webhooks {
		webhooks[i] = map[string]any{
			"id": fmt.Sprint(i), "address": "https://example.com", "types": []string{"order.accepted"},
		}
	}
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if err := json.NewEncoder(w).Encode(webhooks); err != nil {
			t.Error(err)
		}
	}))
	defer api.Close()
	t.Setenv(digitalriver.BaseURLVariable, api.URL)
	t.Setenv(digitalriver.APIKeyVariable, "sk_test")
	t.Setenv(digitalriver.APIVersionVariable, "2021-12-13")
	status, stdout, stderr := run(t, "adopt", "-out", t.TempDir())
	if status != 0 {
		t.Fatalf("status %d: %s", status, stderr)
	}
	const warning = "Warning: the API returned 100 webhooks and no way to ask for more. " +
		"If the account has more, they are missing here.\n"
	if stderr != warning {
		t.Errorf("stderr: %q", stderr)
	}
	if !strings.HasPrefix(stdout, "Wrote configuration for 100 webhooks to ") {
		t.Errorf("stdout: %q", stdout)
	}
}

func TestWithAdvice(t *testing.T) {
	for status, want := range map[int]string{
		0:   "DIGITALRIVER_BASE_URL",
		401: "DIGITALRIVER_API_KEY",
		403: "permission",
		404: "Check the ID",
		500: "",
	} {
		err := fmt.Errorf("wrapped: %w", &digitalriver.Error{Status: status})
		advised := withAdvice(err)
		unchanged := advised.Error() == err.Error()
		if !errors.Is(advised, err) || !strings.Contains(advised.Error(), want) || unchanged != (want == "") {
			t.Errorf("%d: %q", status, advised)
		}
	}
}
