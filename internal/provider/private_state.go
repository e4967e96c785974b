// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"encoding/json"

	"github.com/hashicorp/terraform-plugin-framework/diag"
)

// privateState is the private state of a resource: what the provider keeps beside
// state without showing it.
type privateState interface {
	GetKey(ctx context.Context, key string) ([]byte, diag.Diagnostics)
	SetKey(ctx context.Context, key string, value []byte) diag.Diagnostics
}

// privateText returns a text of the private state, "" if there is none.
func privateText(ctx context.Context, private privateState, key string) (string, diag.Diagnostics) {
	value, diags := private.GetKey(ctx, key)
	var text string
	_ = json.Unmarshal(value, &text)
	return text, diags
}

// setPrivateText sets a text of the private state, which holds JSON.
func setPrivateText(ctx context.Context, private privateState, key, text string) diag.Diagnostics {
	value, err := json.Marshal(text)
	if err != nil {
		panic(err) // Every string can be encoded.
	}
	return private.SetKey(ctx, key, value)
}
