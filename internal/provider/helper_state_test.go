// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/google/go-cmp/cmp"
)

// instance is an object in state.
type instance struct {
	Status     string `json:"status"` // "tainted", or empty
	Key        any    `json:"index_key"`
	Attributes object `json:"attributes"`
}

// state reads the objects in a workspace's state, by address.
func (w *workspace) state() map[string]instance {
	w.t.Helper()
	instances := map[string]instance{}
	raw, err := os.ReadFile(w.path("terraform.tfstate"))
	if err != nil && !os.IsNotExist(err) {
		w.t.Fatal(err)
	}
	if len(bytes.TrimSpace(raw)) == 0 {
		return instances
	}
	var state struct {
		Resources []struct {
			Mode      string     `json:"mode"`
			Type      string     `json:"type"`
			Name      string     `json:"name"`
			Instances []instance `json:"instances"`
		} `json:"resources"`
	}
	if err := json.Unmarshal(raw, &state); err != nil {
		w.t.Fatalf("terraform.tfstate: %v", err)
	}
	for _, r := range state.Resources {
		address := r.Type + "." + r.Name
		if r.Mode == "data" {
			address = "data." + address
		}
		for _, i := range r.Instances {
			switch key := i.Key.(type) {
			case string:
				instances[fmt.Sprintf("%s[%q]", address, key)] = i
			case float64:
				instances[fmt.Sprintf("%s[%v]", address, key)] = i
			default:
				instances[address] = i
			}
		}
	}
	return instances
}

// instancesOf are the instances of a resource type, by name.
func instancesOf(resourceType string, state map[string]instance) map[string]instance {
	instances := map[string]instance{}
	for address, i := range state {
		if name, ok := strings.CutPrefix(address, resourceType+"."); ok {
			instances[name] = i
		}
	}
	return instances
}

// comparedWebhook has the properties of a webhook that both state and the API
// show, in one form.
type comparedWebhook struct {
	Address      string
	Types        []string
	Enabled      bool
	NewestSecret string // its id; empty without a rotation in state
}

func newComparedWebhook(attributes object, newestSecret string) comparedWebhook {
	var types []string
	for _, name := range attributes["types"].([]any) {
		types = append(types, name.(string))
	}
	slices.Sort(types)
	return comparedWebhook{attributes["address"].(string), types, attributes["enabled"].(bool), newestSecret}
}

// diffState compares the webhooks in state with those in the account. It returns
// the differences (-state +API), or "" if the two match one to one.
func (a *sandboxAPI) diffState(state map[string]instance) string {
	a.t.Helper()
	rotations := map[string]string{}
	for _, i := range instancesOf("digitalriver_webhook_secret_rotation", state) {
		rotations[i.Attributes["webhook_id"].(string)] = i.Attributes["secret_id"].(string)
	}
	inState, problems := map[string]comparedWebhook{}, ""
	for name, i := range instancesOf("digitalriver_webhook", state) {
		id := i.Attributes["id"].(string)
		if _, twice := inState[id]; twice || i.Status != "" {
			problems += fmt.Sprintf("%s (%s %s) is in state twice, or tainted\n", id, name, i.Status)
		}
		inState[id] = newComparedWebhook(i.Attributes, rotations[id])
	}
	inAPI := map[string]comparedWebhook{}
	for _, entry := range a.webhooks(testKey) {
		webhook, newestSecret := entry.(object), ""
		id := webhook["id"].(string)
		if _, rotated := rotations[id]; rotated {
			newestSecret = a.secrets(id)[0].(object)["id"].(string)
		}
		inAPI[id] = newComparedWebhook(webhook, newestSecret)
	}
	for id := range rotations {
		if _, exists := inAPI[id]; !exists {
			problems += fmt.Sprintf("state has a rotation of %s, which does not exist\n", id)
		}
	}
	return problems + cmp.Diff(inState, inAPI)
}
