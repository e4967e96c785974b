// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package sandbox

import (
	"maps"
	"net/http"
	"slices"
	"strings"
)

// The modes of API keys and of everything that they create.
const (
	modeTest = "test"
	modeLive = "live"
)

// key is what an API key stands for.
type key struct {
	mode     string
	readOnly bool // It may only read webhooks.
}

// keys has all API keys.
var keys = map[string]key{
	"sk_test_sandbox": {mode: modeTest},
	"sk_live_sandbox": {mode: modeLive},
	"rk_test_sandbox": {mode: modeTest, readOnly: true},
}

// Keys returns the API keys that the sandbox accepts.
func Keys() []string { return slices.Sorted(maps.Keys(keys)) }

func (k key) live() bool { return k.mode == modeLive }

func modeName(live bool) string {
	if live {
		return modeLive
	}
	return modeTest
}

// bearerToken returns the API key that a request was sent with, or "".
func bearerToken(r *http.Request) string {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return token
}
