// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"encoding/json"
	"flag"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"
)

const stateDir = "testdata/state"

// recordState is for a release, as CONTRIBUTING.md says.
var recordState = flag.String("record-state", "", "write state of the code under test into testdata/state/NAME.txtar")

// recordedConfig has a webhook of each shape. Nothing in it depends on the time.
const recordedConfig = `resource "digitalriver_webhook" "plain" {
  address = "https://shop.example.com/plain"
  types   = ["order.accepted", "refund.failed", "order.blocked"]
}

resource "digitalriver_webhook" "basic" {
  address     = "https://shop.example.com/basic"
  types       = ["order.accepted"]
  enabled     = false
  api_version = "latest"
  authentication = {
    username = "shop"
    password = "test"
  }
}

resource "digitalriver_webhook" "oauth" {
  address     = "https://shop.example.com/oauth"
  types       = ["order.accepted"]
  api_version = "2021-12-13"
  oauth = {
    token_endpoint           = "https://shop.example.com/token"
    client_id                = "shop"
    client_secret_wo         = "test"
    client_secret_wo_version = 3
    grant_type               = "client_credentials"
  }
}

resource "digitalriver_webhook_secret_rotation" "plain" {
  webhook_id                  = digitalriver_webhook.plain.id
  triggers                    = { reason = "recorded" }
  previous_secret_valid_hours = 24
}

resource "digitalriver_webhook_secret_rotation" "basic" {
  webhook_id       = digitalriver_webhook.basic.id
  rotate_on_create = false
}
`

// TestAccState plans the state that each release wrote, with the API's responses
// of that time. Nothing may change.
func TestAccState(t *testing.T) {
	if *recordState != "" {
		recordStateTo(t, filepath.Join(stateDir, *recordState+".txtar"))
	}
	archives, err := filepath.Glob(filepath.Join(stateDir, "*.txtar"))
	if err != nil || len(archives) == 0 {
		t.Fatal(archives, err)
	}
	for _, path := range archives {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			w := newWorkspace(t)
			archive, err := txtar.ParseFile(path)
			if err != nil {
				t.Fatal(err)
			}
			responses := map[string][]byte{}
			for _, file := range archive.Files {
				if name, isResponse := strings.CutPrefix(file.Name, "GET "); isResponse {
					responses[name] = file.Data
				} else {
					w.write(file.Name, onHost(string(file.Data)))
				}
			}
			w.serveResponses(responses)
			w.mustBeClean()
			w.must("apply", "-auto-approve")
			w.mustBeClean()
		})
	}
}

// onHost returns state with the providers of the registry that the CLI assumes.
func onHost(state string) string {
	if host := os.Getenv("TF_ACC_PROVIDER_HOST"); host != "" {
		return strings.ReplaceAll(state, "registry.terraform.io/", host+"/")
	}
	return state
}

// serveResponses starts an API that knows nothing but these responses, by path,
// and makes it that of the workspace.
func (w *workspace) serveResponses(responses map[string][]byte) {
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		response, known := responses[r.URL.Path]
		if !known || r.Method != http.MethodGet {
			w.t.Errorf("unexpected request: %s %s", r.Method, r.URL.Path)
			rw.WriteHeader(http.StatusTeapot)
		}
		rw.Header().Set("Content-Type", "application/json")
		_, _ = rw.Write(response)
	}))
	w.t.Cleanup(server.Close)
	w.env = append(w.env, envBaseURL+"="+server.URL, envAPIKey+"="+testKey)
}

// recordStateTo applies recordedConfig in a sandbox, and writes what it leaves.
func recordStateTo(t *testing.T, path string) {
	api, w := startSandbox(t), newWorkspace(t)
	w.env = append(w.env, envBaseURL+"="+api.url, envAPIKey+"="+testKey)
	w.apply(recordedConfig)
	archive := &txtar.Archive{Files: []txtar.File{
		{Name: "main.tf", Data: []byte(recordedConfig)},
		{Name: "terraform.tfstate", Data: []byte(w.read("terraform.tfstate"))},
	}}
	record := func(path string) {
		content, err := json.MarshalIndent(api.must(http.MethodGet, path, nil), "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		archive.Files = append(archive.Files, txtar.File{Name: "GET " + path, Data: append(content, '\n')})
	}
	record("/webhooks")
	for _, webhook := range api.webhooks(testKey) {
		id, _ := webhook.(object)["id"].(string)
		record("/webhooks/" + id)
		record("/webhooks/" + id + "/secrets")
	}
	if err := os.WriteFile(path, txtar.Format(archive), 0o644); err != nil {
		t.Fatal(err)
	}
}
