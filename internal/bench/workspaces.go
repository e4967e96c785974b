// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/catalog"
)

// workspace is a folder with a configuration and perhaps a state.
type workspace struct {
	bench    *bench
	dir      string
	env      []string
	provider string   // digitalriver or floor
	sandbox  *sandbox // the API that the provider is pointed at; nil for the floor
}

func (b *bench) newWorkspace(provider, config string) (*workspace, error) {
	dir, err := os.MkdirTemp(b.dir, "workspace-")
	if err != nil {
		return nil, err
	}
	env := append(os.Environ(),
		"TF_CLI_CONFIG_FILE="+b.file(providers, cliConfig),
		"CHECKPOINT_DISABLE=1",
		"TF_IN_AUTOMATION=1",
	)
	w := &workspace{bench: b, dir: dir, env: env, provider: provider}
	return w, w.writeConfig(config)
}

// use points the workspace at a sandbox.
func (w *workspace) use(s *sandbox, key string) {
	w.sandbox = s
	w.env = append(w.env, "DIGITALRIVER_BASE_URL="+s.url, "DIGITALRIVER_API_KEY="+key)
}

// withEcho returns the same workspace, but with the echo as its provider.
func (w *workspace) withEcho() *workspace {
	echo := *w
	echo.env = append(slices.Clone(w.env), "TF_CLI_CONFIG_FILE="+w.bench.file(echoProviders, cliConfig))
	return &echo
}

// file returns the path of a file in the workspace.
func (w *workspace) file(name string) string { return filepath.Join(w.dir, name) }

func (w *workspace) writeConfig(config string) error {
	requirement := fmt.Sprintf(`terraform {
  required_providers {
    %s = {
      source = "bench/%[1]s"
    }
  }
}

`, w.provider)
	return os.WriteFile(w.file("main.tf"), []byte(requirement+config), 0o600)
}

// floorConfig returns the configuration of n resources of the floor.
func floorConfig(n int) string {
	return fmt.Sprintf(`resource "floor_thing" "many" {
  count = %d
  a     = "https://example.com/${count.index}"
  b     = "order.accepted"
  c     = "default"
}
`, n)
}

// eachIndex is the path for webhooksConfig that gives each webhook its own address.
const eachIndex = "${count.index}"

// webhooksConfig returns the configuration of n webhooks with a number of event
// types each. The path of their address is a template in Terraform's language.
func webhooksConfig(n, types int, path string) string {
	var names []string
	for _, name := range eventTypes(types) {
		names = append(names, strconv.Quote(name))
	}
	return fmt.Sprintf(`resource "digitalriver_webhook" "many" {
  count   = %d
  address = "https://example.com/%s"
  types   = [%s]
}
`, n, path, strings.Join(names, ", "))
}

// unlimited is a provider configuration that lifts the documented rate limit.
const unlimited = `provider "digitalriver" {
  requests_per_second = 100000
}

`

// eventTypes returns n event types of the catalog.
func eventTypes(n int) []string { return catalog.Match("*")[:n] }

// existingThings returns a workspace whose state holds n resources of the floor.
func (b *bench) existingThings(n int) (*workspace, error) {
	w, err := b.newWorkspace("floor", floorConfig(n))
	if err != nil {
		return nil, err
	}
	things := make([]attributes, n)
	for i := range things {
		address := fmt.Sprintf("https://example.com/%d", i)
		things[i] = attributes{"id": address, "a": address, "b": "order.accepted", "c": "default"}
	}
	return w, w.writeState("floor_thing", things, false)
}

// existingWebhooks returns a workspace whose state holds n webhooks with a number
// of event types each, and starts a sandbox that holds them too. The sandbox
// responds after 50 ms and enforces the rate limit. The caller stops it.
func (b *bench) existingWebhooks(ctx context.Context, n, types int) (*workspace, error) {
	w, err := b.newWorkspace("digitalriver", webhooksConfig(n, types, eachIndex))
	if err != nil {
		return nil, err
	}
	data := w.file("sandbox.db")
	webhooks, err := b.fillSandbox(ctx, data, n, types)
	if err != nil {
		return nil, err
	}
	if err := w.writeState("digitalriver_webhook", webhooks, true); err != nil {
		return nil, err
	}
	s, err := b.startSandbox(ctx, data, "-latency", "50ms")
	if err != nil {
		return nil, err
	}
	w.use(s, testKey)
	return w, nil
}

// fillSandbox creates n webhooks in a sandbox's data file and returns their
// attributes. It does what an apply would do, in less time.
func (b *bench) fillSandbox(ctx context.Context, data string, n, types int) ([]attributes, error) {
	s, err := b.startSandbox(ctx, data, "-rate-limit", "off")
	if err != nil {
		return nil, err
	}
	defer s.stop()
	webhooks := make([]attributes, n)
	for i := range webhooks {
		address := fmt.Sprintf("https://example.com/%d", i)
		created, err := s.create(address, eventTypes(types))
		if err != nil {
			return nil, err
		}
		webhooks[i] = attributes{
			"id":             created.ID,
			"address":        address,
			"types":          eventTypes(types),
			"enabled":        true,
			"api_version":    "default",
			"transport_type": "HTTP",
			"authentication": nil,
			"oauth":          nil,
			"live_mode":      false,
			"created_time":   created.CreatedTime,
			"updated_time":   created.UpdatedTime,
		}
	}
	return webhooks, nil
}

// attributes are the attributes of one instance of a resource in state.
type attributes map[string]any

// writeState writes the state of a resource named "many" as the CLI does after an
// apply. If the resource has an identity, it consists of the id.
func (w *workspace) writeState(resourceType string, instances []attributes, identity bool) error {
	list := make([]any, len(instances))
	for i, attributes := range instances {
		instance := map[string]any{
			"index_key":            i,
			"schema_version":       0,
			"attributes":           attributes,
			"sensitive_attributes": []any{},
		}
		if identity {
			instance["identity"] = map[string]any{"id": attributes["id"]}
			instance["identity_schema_version"] = 0
		}
		list[i] = instance
	}
	state, err := json.MarshalIndent(map[string]any{
		"version":           4,
		"terraform_version": "1.9.0",
		"serial":            1,
		"lineage":           "bench",
		"outputs":           map[string]any{},
		"resources": []any{map[string]any{
			"mode":      "managed",
			"type":      resourceType,
			"name":      "many",
			"provider":  fmt.Sprintf("provider[%q]", w.bench.registry()+"/bench/"+w.provider),
			"instances": list,
		}},
	}, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(w.file("terraform.tfstate"), state, 0o600)
}
