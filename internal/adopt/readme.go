package adopt

import (
	"fmt"
	"strings"
)

// readme returns the page that says what to do with the files.
func readme(webhooks []webhook, options Options) []byte {
	imported := len(webhooks)
	if options.Rotations {
		imported *= 2
	}
	var b strings.Builder
	fmt.Fprintf(&b, readmeSteps, imported)
	if options.Rotations {
		b.WriteString(readmeRotations)
	}
	writeCredentials(&b, webhooks, options)
	var suspicious []string
	for _, w := range webhooks {
		if mayHaveCredentials(w.Address) {
			suspicious = append(suspicious, "* `"+w.resource()+"`\n")
		}
	}
	if len(suspicious) > 0 {
		b.WriteString(readmeAddresses + strings.Join(suspicious, ""))
	}
	b.WriteString(readmeNames)
	return []byte(b.String())
}

// writeCredentials writes the section about the credentials, if there are any.
func writeCredentials(b *strings.Builder, webhooks []webhook, options Options) {
	var rows []string
	for _, w := range webhooks {
		for _, c := range w.credentials() {
			argument := fmt.Sprintf("| `%s` | `%s.%s", w.resource(), c.object, c.argument)
			if options.Ephemeral {
				argument += fmt.Sprintf("_wo` | `%s", w.variable(c))
			}
			rows = append(rows, argument+"` |\n")
		}
	}
	switch {
	case len(rows) == 0:
		return
	case options.Ephemeral:
		b.WriteString(readmeVariables)
	default:
		b.WriteString(readmePlainCredentials)
	}
	b.WriteString(strings.Join(rows, ""))
}

const readmeSteps = `# Adopted webhooks

` + "`terraform-provider-digitalriver adopt`" + ` wrote this configuration for webhooks that exist already. With OpenTofu, use ` + "`tofu`" + ` in place of ` + "`terraform`" + `.

1. Set ` + "`DIGITALRIVER_API_KEY`" + ` to the key that the webhooks were read with. If you had set ` + "`DIGITALRIVER_BASE_URL`" + ` or ` + "`DIGITALRIVER_API_VERSION`" + `, keep them set.
2. Run ` + "`terraform init`" + ` and ` + "`terraform plan`" + `. The plan must have this line:

   ` + "```text" + `
   Plan: %d to import, 0 to add, 0 to change, 0 to destroy.
   ` + "```" + `

   If it shows a change, somebody has changed a webhook in the meantime. Correct the configuration, or delete these files and run ` + "`adopt`" + ` again.
3. Run ` + "`terraform apply`" + `. It changes nothing in the account.
4. Delete ` + "`imports.tf`" + `, which is not needed any more.

To move the webhooks into a configuration that you have, copy the other ` + "`.tf`" + ` files there before the first plan. Leave out ` + "`providers.tf`" + ` if that configuration has the provider.
`

const readmeRotations = `
## Rotations

The rotations have no period and no triggers, so they rotate nothing. Add ` + "`rotation_days`" + ` or ` + "`triggers`" + ` after the import. If the import fails because the API does not offer signing secrets, run ` + "`adopt`" + ` again without ` + "`-rotations`" + `.
`

const readmeVariables = `
## Credentials

These files contain no password and no client secret. The plan warns that they are not imported. The variables are null, and can stay null until you change ` + "`authentication`" + ` or ` + "`oauth`" + ` of a webhook. Such a change sends the whole object to the API, so set its variables first, for example in the environment as ` + "`TF_VAR_`" + ` and the name. To send only a new password or client secret, also raise its ` + "`_wo_version`" + `.

| Webhook | Argument | Variable |
| --- | --- | --- |
`

const readmePlainCredentials = `
## Credentials

These files contain no password and no client secret. The plan warns that they are not imported. Before you change ` + "`authentication`" + ` or ` + "`oauth`" + ` of a webhook, replace the version (` + "`password_wo_version = 1`" + `) with the value, from a sensitive variable (` + "`password = var.NAME`" + `). The value is then sent to the API and stored in state. With Terraform or OpenTofu 1.11 or later, use the write-only arguments, which are not stored.

| Webhook | Argument |
| --- | --- |
`

const readmeAddresses = `
## Addresses that may contain credentials

The addresses of these webhooks have a user, a query, a fragment, or a part that looks like a token. The address is part of the webhook, so it is in ` + "`webhooks.tf`" + ` and in state as it is. Treat both as secret, or move the credential to ` + "`authentication`" + ` or ` + "`oauth`" + `.

`

const readmeNames = `
## Names

The names are made from the addresses. To choose others, change them in all files before the first apply. After it, add a ` + "`moved`" + ` block for each name that you change.
`
