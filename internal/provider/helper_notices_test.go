// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"slices"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/sandbox/readings"
)

const (
	warning = "warning"
	failure = "error"
)

// toldAlways is what TestAccReadings expects the user to be told under every
// reading.
var toldAlways = []notice{
	{updateStep, "enabled", warning, "Webhook is turned off: ID", "no longer receives events"},
	{driftStep, "enabled", warning, "Webhook is turned off: ID", "no longer receives events"},
	{driftStep, deletedWebhook, warning, "Webhook not found: ID", "is not in the"},
	{importStep, "", warning, "Credentials are not imported", "Set authentication.password_wo "},
	{importStep, "", warning, "Credentials are not imported", "Set oauth.client_secret_wo "},
	{updateStep, "api_version_refused", failure, "Could not update webhook", "returned 400"},
}

// Summaries that several entries have.
const (
	incompleteList = "List of webhooks may be incomplete"
	modeNotShown   = "API does not show the mode of webhooks"
	notTakenOver   = "API did not take over"
	audienceGone   = `the API returned another value for "audience" of oauth`
)

// toldUnder is what the user is told besides, under readings that necessarily
// change it. Readings that are served together have an entry of their own.
var toldUnder = map[string][]notice{
	readings.ListNewest100: inSteps(notice{on: "all", severity: warning, summary: incompleteList, detail: "returned 100"},
		createStep, unchanged, updateStep, driftStep, rotationStep, lostStep),
	readings.ListOldest100: append(
		inSteps(notice{on: "all", severity: warning, summary: incompleteList, detail: "returned 100"},
			createStep, unchanged, updateStep, driftStep, rotationStep, lostStep),
		notice{lostStep, lostWebhook, failure, "Outcome of the request is not known", "look for a new webhook"}),
	readings.OAuthExtrasUnknown: {
		{updateStep, "audience", failure, "Could not update webhook", "oauth.audience"},
		{updateStep, "grant_type", failure, "Could not update webhook", "oauth.grantType"},
	},
	readings.OAuthExtrasUnknown + "," + readings.UnknownMembersDropped: {
		{updateStep, "audience", warning, notTakenOver + " oauth: ID", audienceGone},
		{unchanged, "audience", warning, notTakenOver + " oauth: ID", audienceGone},
		{updateStep, "grant_type", failure, "Could not update webhook", "oauth.grantType"},
	},
	readings.LiveModeAbsent: inSteps(notice{severity: warning, summary: modeNotShown, detail: "live_mode is set"},
		lifeSteps[:len(lifeSteps)-1]...), // Terraform shows no warnings of a destroy's refresh.
	readings.SecretsNotFound:   {{createStep, "rotation", failure, noSecrets, "returned 404"}},
	readings.SecretsNotAllowed: {{createStep, "rotation", failure, noSecrets, "returned 405"}},
	readings.SecretsForbidden:  {{createStep, "rotation", failure, noSecrets, "returned 403"}},
}

// inSteps is a notice in several steps.
func inSteps(n notice, steps ...string) []notice {
	var notices []notice
	for _, step := range steps {
		n.step = step
		notices = append(notices, n)
	}
	return notices
}

// checkTold compares what the user was told with the tables.
func (l *life) checkTold() {
	l.t.Helper()
	want := slices.Concat(toldAlways, toldUnder[caseName(l.readings)])
	for _, step := range lifeSteps {
		for _, got := range l.told[step] {
			if !slices.ContainsFunc(want, func(n notice) bool { return n.matches(got) }) {
				l.t.Errorf("the user is told: %v: %s", got, got.detail)
			}
		}
	}
	for _, n := range want {
		if !slices.ContainsFunc(l.told[n.step], n.matches) {
			l.t.Errorf("the user is not told: %v: %s", n, n.detail)
		}
	}
}
