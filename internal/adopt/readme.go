// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package adopt

import (
	"bytes"
	_ "embed" // For the template.
	"text/template"
)

//go:embed readme.md.tmpl
var readmeText string

var readmeTemplate = template.Must(template.New("README.md").Parse(readmeText))

// readmeData is what the template of the README shows.
type readmeData struct {
	Imports              int
	Rotations, Ephemeral bool
	Credentials          []readmeCredential
	SecretAddresses      []string // webhooks whose address may contain credentials
}

type readmeCredential struct{ Webhook, Argument, Variable string }

// readme returns the page that says what to do with the files.
func readme(webhooks []webhook, options Options) []byte {
	data := readmeData{Imports: len(webhooks), Rotations: options.Rotations, Ephemeral: options.Ephemeral}
	if options.Rotations {
		data.Imports *= 2
	}
	for _, w := range webhooks {
		for _, c := range w.credentials() {
			data.Credentials = append(data.Credentials,
				readmeCredential{w.resource(), c.object + "." + c.argument, w.variable(c)})
		}
		if mayHaveCredentials(w.Address) {
			data.SecretAddresses = append(data.SecretAddresses, w.resource())
		}
	}
	var page bytes.Buffer
	if err := readmeTemplate.Execute(&page, data); err != nil {
		panic(err) // The template is part of the program.
	}
	return page.Bytes()
}
