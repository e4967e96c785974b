// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

// Package adopt writes Terraform configuration for webhooks that exist already:
// what it writes imports them and changes nothing. It writes no secret, except
// what an address itself contains.
package adopt

import (
	"cmp"
	"slices"
	"strings"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/catalog"
	"github.com/digitalriver/terraform-provider-digitalriver/internal/digitalriver"
)

// Options say which webhooks to adopt, and how.
type Options struct {
	Types         string // a pattern of which one event type of the webhook must be; empty: any
	AddressPrefix string // what the address must begin with
	Rotations     bool   // write a digitalriver_webhook_secret_rotation for each webhook too
	Identity      bool   // import by identity, which Terraform can do since 1.12
	// Ephemeral writes ephemeral variables for credentials, and the write-only
	// arguments that take them. Terraform and OpenTofu have both since 1.11 (D52).
	Ephemeral bool
}

// File is a file of the configuration.
type File struct {
	Name    string
	Content []byte
}

// Configuration returns the files that adopt webhooks, sorted by name, and how many
// webhooks they adopt. If the options select none, there are no files. all has every
// webhook of the account: the name of a webhook does not depend on the options.
func Configuration(all []*digitalriver.Webhook, options Options) (files []File, count int) {
	names := resourceNames(all)
	var adopted []webhook
	for _, w := range all {
		if options.selects(w) {
			adopted = append(adopted, webhook{w, names[w.ID]})
		}
	}
	if len(adopted) == 0 {
		return nil, 0
	}
	slices.SortFunc(adopted, func(a, b webhook) int { return cmp.Compare(a.name, b.name) })
	files = []File{
		{"README.md", readme(adopted, options)},
		{"imports.tf", imports(adopted, options)},
		{"providers.tf", []byte(providers)},
		{"webhooks.tf", resources(adopted, options)},
	}
	if options.Ephemeral && slices.ContainsFunc(adopted, webhook.hasCredentials) {
		files = slices.Insert(files, 3, File{"variables.tf", variables(adopted)})
	}
	return files, len(adopted)
}

func (o Options) selects(w *digitalriver.Webhook) bool {
	return strings.HasPrefix(w.Address, o.AddressPrefix) &&
		(o.Types == "" || slices.ContainsFunc(w.Types, func(name string) bool { return catalog.Matches(o.Types, name) }))
}

// webhook is a webhook and the name of its resource.
type webhook struct {
	*digitalriver.Webhook
	name string
}

// The types of the resources.
const (
	webhookType  = "digitalriver_webhook"
	rotationType = "digitalriver_webhook_secret_rotation"
)

// resource returns the address of the webhook in the configuration.
func (w webhook) resource() string { return webhookType + "." + w.name }

// credential is a secret of a webhook that the configuration leaves to its user.
type credential struct {
	object   string // the attribute that it is in: authentication or oauth
	argument string // its name there, in the plain form
	title    string
}

var (
	basicPassword = credential{"authentication", "password", "Password for basic authentication"}
	clientSecret  = credential{"oauth", "client_secret", "OAuth client secret"}
	oauthPassword = credential{"oauth", "password", "OAuth password"}
)

func (w webhook) credentials() []credential {
	switch {
	case w.Authentication != nil:
		return []credential{basicPassword}
	case w.OAuth != nil && w.OAuth.HasPassword():
		return []credential{clientSecret, oauthPassword}
	case w.OAuth != nil:
		return []credential{clientSecret}
	}
	return nil
}

func (w webhook) hasCredentials() bool { return len(w.credentials()) > 0 }

// variable returns the name of the variable for a credential of the webhook.
func (w webhook) variable(c credential) string { return w.name + "_" + c.argument }
