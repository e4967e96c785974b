// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package adopt

import (
	"fmt"
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/zclconf/go-cty/cty"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/digitalriver"
)

// maxListLength is how long a list may be on one line, in bytes.
const maxListLength = 100

// file is a file of configuration, block after block.
type file struct {
	*hclwrite.File
}

func newFile() file { return file{hclwrite.NewEmptyFile()} }

// block adds a block, after an empty line unless it is the first.
func (f file) block(name string, labels ...string) *hclwrite.Body {
	if len(f.Body().Blocks()) > 0 {
		f.Body().AppendNewline()
	}
	return f.Body().AppendNewBlock(name, labels).Body()
}

// bytes returns the file as `terraform fmt` formats it.
func (f file) bytes() []byte { return hclwrite.Format(f.Bytes()) }

// providers is the file that says where the provider comes from. The provider takes
// its key and URL from the environment.
const providers = `terraform {
  required_providers {
    digitalriver = {
      source = "digitalriver/digitalriver"
    }
  }
}

provider "digitalriver" {}
`

func imports(webhooks []webhook, options Options) []byte {
	f := newFile()
	add := func(resourceType string, w webhook) {
		body := f.block("import")
		body.SetAttributeTraversal("to", reference(resourceType, w.name))
		if options.Identity {
			body.SetAttributeRaw("identity", object(attribute("id", w.ID)))
		} else {
			body.SetAttributeValue("id", cty.StringVal(w.ID))
		}
	}
	for _, w := range webhooks {
		add(webhookType, w)
		if options.Rotations {
			add(rotationType, w)
		}
	}
	return f.bytes()
}

// variables returns the file with a variable for each credential.
func variables(webhooks []webhook) []byte {
	f := newFile()
	for _, w := range webhooks {
		for _, c := range w.credentials() {
			body := f.block("variable", w.variable(c))
			body.SetAttributeValue("description", cty.StringVal(fmt.Sprintf(
				"%s of %s. Set it before you change %s.", c.title, w.resource(), c.object)))
			body.SetAttributeTraversal("type", reference("string"))
			body.SetAttributeValue("default", cty.NullVal(cty.String))
			body.SetAttributeValue("sensitive", cty.True)
			body.SetAttributeValue("ephemeral", cty.True)
		}
	}
	return f.bytes()
}

func resources(webhooks []webhook, options Options) []byte {
	f := newFile()
	for _, w := range webhooks {
		w.write(f.block("resource", webhookType, w.name), options)
		if options.Rotations {
			body := f.block("resource", rotationType, w.name)
			body.SetAttributeTraversal("webhook_id", reference(webhookType, w.name, "id"))
		}
	}
	return f.bytes()
}

// write writes the arguments of the webhook that differ from their defaults.
func (w webhook) write(body *hclwrite.Body, options Options) {
	body.SetAttributeValue("address", cty.StringVal(w.Address))
	body.SetAttributeRaw("types", list(slices.Compact(slices.Sorted(slices.Values(w.Types)))))
	if !w.Enabled {
		body.SetAttributeValue("enabled", cty.False)
	}
	if w.APIVersion != "default" {
		body.SetAttributeValue("api_version", cty.StringVal(w.APIVersion))
	}
	implied := digitalriver.TransportHTTP
	if w.OAuth != nil {
		implied = digitalriver.TransportOAuth
	}
	if w.TransportType != implied {
		body.SetAttributeValue("transport_type", cty.StringVal(w.TransportType))
	}
	if attributes := w.authentication(options); attributes != nil {
		body.AppendNewline()
		body.SetAttributeRaw("authentication", object(attributes...))
	}
	if attributes := w.oauth(options); attributes != nil {
		body.AppendNewline()
		body.SetAttributeRaw("oauth", object(attributes...))
	}
}

func (w webhook) authentication(options Options) []hclwrite.ObjectAttrTokens {
	if w.Authentication == nil {
		return nil
	}
	return slices.Concat(
		attributes("username", w.Authentication.UserName),
		w.secret(basicPassword, options),
	)
}

func (w webhook) oauth(options Options) []hclwrite.ObjectAttrTokens {
	if w.OAuth == nil {
		return nil
	}
	written := attributes("token_endpoint", w.OAuth.TokenEndPoint, "client_id", w.OAuth.ClientID)
	written = append(written, w.secret(clientSecret, options)...)
	if w.OAuth.GrantType == digitalriver.GrantClientCredentials {
		written = append(written, attribute("grant_type", w.OAuth.GrantType))
	} else if w.OAuth.UserName != "" {
		written = append(written, attribute("username", w.OAuth.UserName))
	}
	if w.OAuth.HasPassword() {
		written = append(written, w.secret(oauthPassword, options)...)
	}
	if w.OAuth.Audience != "" {
		written = append(written, attribute("audience", w.OAuth.Audience))
	}
	return written
}

// secret returns the arguments for a credential. State has its write-only form at
// version 1 after an import (D4).
func (w webhook) secret(c credential, options Options) []hclwrite.ObjectAttrTokens {
	version := hclwrite.ObjectAttrTokens{
		Name:  hclwrite.TokensForIdentifier(c.argument + "_wo_version"),
		Value: hclwrite.TokensForValue(cty.NumberIntVal(1)),
	}
	if !options.Ephemeral {
		return []hclwrite.ObjectAttrTokens{version}
	}
	return []hclwrite.ObjectAttrTokens{{
		Name:  hclwrite.TokensForIdentifier(c.argument + "_wo"),
		Value: hclwrite.TokensForTraversal(reference("var", w.variable(c))),
	}, version}
}

func object(attributes ...hclwrite.ObjectAttrTokens) hclwrite.Tokens {
	return hclwrite.TokensForObject(attributes)
}

// attributes returns attributes of an object from names and values.
func attributes(namesAndValues ...string) []hclwrite.ObjectAttrTokens {
	var written []hclwrite.ObjectAttrTokens
	for pair := range slices.Chunk(namesAndValues, 2) {
		written = append(written, attribute(pair[0], pair[1]))
	}
	return written
}

func attribute(name, value string) hclwrite.ObjectAttrTokens {
	return hclwrite.ObjectAttrTokens{
		Name: hclwrite.TokensForIdentifier(name), Value: hclwrite.TokensForValue(cty.StringVal(value)),
	}
}

// list returns a list of strings, one on each line if it is long.
func list(elements []string) hclwrite.Tokens {
	length := 0
	tokens := make([]hclwrite.Tokens, len(elements))
	for i, element := range elements {
		tokens[i] = hclwrite.TokensForValue(cty.StringVal(element))
		length += len(element) + len(`"", `)
	}
	if length <= maxListLength {
		return hclwrite.TokensForTuple(tokens)
	}
	newline := &hclwrite.Token{Type: hclsyntax.TokenNewline, Bytes: []byte("\n")}
	lines := hclwrite.Tokens{{Type: hclsyntax.TokenOBrack, Bytes: []byte("[")}, newline}
	for _, element := range tokens {
		lines = append(lines, element...)
		lines = append(lines, &hclwrite.Token{Type: hclsyntax.TokenComma, Bytes: []byte(",")}, newline)
	}
	return append(lines, &hclwrite.Token{Type: hclsyntax.TokenCBrack, Bytes: []byte("]")})
}

// reference returns names joined by dots.
func reference(names ...string) hcl.Traversal {
	traversal := hcl.Traversal{hcl.TraverseRoot{Name: names[0]}}
	for _, name := range names[1:] {
		traversal = append(traversal, hcl.TraverseAttr{Name: name})
	}
	return traversal
}
