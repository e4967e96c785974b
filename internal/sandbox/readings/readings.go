// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

// Package readings describes what the public sources about the Webhooks API
// leave open. Nobody has asked the live service, so each way to read them is one
// that the sandbox can serve and that the provider must get on with.
package readings

import (
	"fmt"
	"slices"
	"strings"
)

// Reading is one way to read the public sources at a point where they are silent
// or disagree.
type Reading struct {
	// Name is unique, such as "list=page": the axis and a value.
	Name string
	// Default is whether the sandbox serves this reading of its axis unless
	// another one is chosen.
	Default bool
	// Description says what the API does.
	Description string
	// Source says which public source allows the reading.
	Source string
}

// Axis returns what the reading is about. Readings with the same axis exclude
// each other.
func (r Reading) Axis() string { return axisOf(r.Name) }

func axisOf(name string) string {
	axis, _, _ := strings.Cut(name, "=")
	return axis
}

// The names of all readings. The table has what they mean.
const (
	UserNameBoth      = "user-name=both"
	UserNameLowerCase = "user-name=username"
	UserNameCamelCase = "user-name=userName"

	UnknownMembersRefused = "unknown-members=refused"
	UnknownMembersDropped = "unknown-members=dropped"

	ListAll       = "list=all"
	ListNewest100 = "list=newest-100"
	ListOldest100 = "list=oldest-100"
	ListCursor    = "list=cursor"
	ListPage      = "list=page"

	OAuthExtrasKnown   = "oauth-extras=known"
	OAuthExtrasUnknown = "oauth-extras=unknown"

	LiveModePresent = "live-mode=present"
	LiveModeAbsent  = "live-mode=absent"

	CredentialsClear  = "credentials=clear"
	CredentialsMasked = "credentials=masked"
	CredentialsAbsent = "credentials=absent"

	APIVersionAsSent       = "api-version=as-sent"
	APIVersionLatestDated  = "api-version=latest-dated"
	APIVersionDefaultDated = "api-version=default-dated"

	AddressAsSent       = "address=as-sent"
	AddressSlashAdded   = "address=slash-added"
	AddressSlashDropped = "address=slash-dropped"

	SecretsOffered    = "secrets=offered"
	SecretsNotFound   = "secrets=not-found"
	SecretsNotAllowed = "secrets=not-allowed"
	SecretsForbidden  = "secrets=forbidden"

	SignaturesNewestFirst = "signatures=newest-first"
	SignaturesOldestFirst = "signatures=oldest-first"
	SignaturesNewestOnly  = "signatures=newest-only"

	TestRetriesThree = "test-retries=three"
	TestRetriesFour  = "test-retries=four"

	ErrorsDocumented = "errors=documented"
	ErrorsEmpty      = "errors=empty"
	ErrorsHTML       = "errors=html"
)

// Short names of the public sources.
const (
	document     = "Digital River's OpenAPI document of version 2021-12-13"
	guide        = "Digital River's guide \"Creating a webhook\""
	guideExample = "The example request in " + guide
	silent       = "No public source;"
)

var table = []Reading{
	{UserNameBoth, true, "`authentication` takes and returns `username` and `userName`.",
		"A choice of this project, between the two sources."},
	{UserNameLowerCase, false, "`authentication` has `username`; `userName` is an unknown member.",
		document + ", the API reference, the prose of the guide and the official PHP SDK."},
	{UserNameCamelCase, false, "`authentication` has `userName`; `username` is an unknown member.",
		guideExample + "."},

	{UnknownMembersRefused, true, "A request with an unknown member is refused with the code `unknown_parameter`.",
		"The list of error codes in " + document + "."},
	{UnknownMembersDropped, false, "Unknown members of a request are ignored. " +
		"`authentication` needs no user name, because one in the other spelling is ignored too.",
		silent + " but the schemas of " + document + " do not forbid additional members."},

	{ListAll, true, "The list has all webhooks, newest first.",
		"The API reference shows an array and names no limit; " + document + " says that lists are in reverse " +
			"chronological order."},
	{ListNewest100, false, "The list has the newest 100 webhooks, newest first. There is no way to get the others.",
		document + ": an array of at most 100, with no parameter for pages."},
	{ListOldest100, false, "The list has the oldest 100 webhooks, oldest first. There is no way to get the others.",
		document + ": an array of at most 100. Its order is stated for other lists, not for this one."},
	{ListCursor, false, "The list is an array of at most 100 webhooks, newest first; `startingAfter` and `limit` work.",
		document + ": all resources that return lists support `limit` and `startingAfter`."},
	{ListPage, false, "The list is an object with `data` and `hasMore`; `startingAfter` and `limit` work.",
		"The prose of the API reference: a dictionary with a `data` property."},

	{OAuthExtrasKnown, true, "`oauth` has `audience` and the grant type `client_credentials`.",
		"The dashboard offers both."},
	{OAuthExtrasUnknown, false, "`oauth.audience` is an unknown member, and `client_credentials` is refused.",
		document + " has neither."},

	{LiveModePresent, true, "A webhook has `liveMode`.", "The examples in the API reference and in the guide."},
	{LiveModeAbsent, false, "A webhook has no `liveMode`.", document + ", schema `Webhook`."},

	{CredentialsClear, true, "A webhook is returned with its credentials in plain text.",
		"The example response in " + guide + "."},
	{CredentialsMasked, false, "The passwords and the client secret of a webhook are returned as asterisks.",
		silent + " " + document + " does not say whether responses have them."},
	{CredentialsAbsent, false, "The passwords and the client secret of a webhook are not returned.",
		silent + " " + document + " does not say whether responses have them."},

	{APIVersionAsSent, false, "`apiVersion` is returned as it was sent.",
		guide + ": `latest` and `default` are the values; it does not say that responses have others."},
	{APIVersionLatestDated, true, "`latest` is returned as the date of the newest version.",
		document + ": a webhook's `apiVersion` is `default` or a date."},
	{APIVersionDefaultDated, false, "`latest` and `default` are returned as the date of the newest version.",
		guide + ": `default` stands for the current default version."},

	{AddressAsSent, true, "`address` is returned as it was sent.", "The example request and response in " + guide + "."},
	{AddressSlashAdded, false, "`address` is returned with the host in lower case, without the scheme's default port, " +
		"and with `/` for an empty path.", silent + " RFC 3986, section 6.2.3, calls these addresses equivalent."},
	{AddressSlashDropped, false, "`address` is returned with the host in lower case, without the scheme's default port, " +
		"and without a slash at the end of the path.",
		silent + " RFC 3986, section 6.2.3, calls these addresses equivalent if the path is only the slash."},

	{SecretsOffered, true, "The API lists and rotates signing secrets at `/webhooks/{id}/secrets`.",
		silent + " the dashboard reveals and rotates secrets, so the operations exist."},
	{SecretsNotFound, false, "`/webhooks/{id}/secrets` returns 404.", "No public source has the path."},
	{SecretsNotAllowed, false, "`/webhooks/{id}/secrets` returns 405.", "No public source has the path."},
	{SecretsForbidden, false, "`/webhooks/{id}/secrets` returns 403.",
		"No public source has the path; it may be open to the dashboard only."},

	{SignaturesNewestFirst, true, "An event is signed with each active secret, newest first.",
		"The guide: one signature for each active secret. It states no order."},
	{SignaturesOldestFirst, false, "An event is signed with each active secret, oldest first.",
		"The guide: one signature for each active secret. It states no order."},
	{SignaturesNewestOnly, false, "An event is signed with the newest secret only.",
		"Digital River's storefront cartridge checks one signature only."},

	{TestRetriesThree, true, "In test mode, a failed delivery is retried three times.",
		"Digital River's public pages about webhooks: one says three, another says four. Neither states the times."},
	{TestRetriesFour, false, "In test mode, a failed delivery is retried four times.",
		"Digital River's public pages about webhooks: one says four, another says three. Neither states the times."},

	{ErrorsDocumented, true, "An error is JSON with the documented types and codes.",
		document + ", schema `Errors` and the list of codes."},
	{ErrorsEmpty, false, "An error has an empty body.", silent + " a gateway in front of an API may send it."},
	{ErrorsHTML, false, "An error has the HTML page of a gateway.", silent + " a gateway in front of an API may send it."},
}

// All returns all readings, those of one axis together.
func All() []Reading { return slices.Clone(table) }

// Set has one reading of each axis.
type Set struct {
	names []string // By axis, in the order of the table.
}

// Choose returns the set with the named readings and the default of every other
// axis. The error names the readings that are possible, where a name is unknown
// or two names have the same axis.
func Choose(names ...string) (Set, error) {
	chosen := map[string]string{} // By axis.
	for _, name := range names {
		axis := axisOf(name)
		if !slices.ContainsFunc(table, func(r Reading) bool { return r.Name == name }) {
			return Set{}, fmt.Errorf("unknown reading %q: want one of %s", name, possible(axis))
		}
		if other := chosen[axis]; other != "" && other != name {
			return Set{}, fmt.Errorf("readings %q and %q exclude each other: want only one of %s",
				other, name, possible(axis))
		}
		chosen[axis] = name
	}
	var s Set
	for _, r := range table {
		if name := chosen[r.Axis()]; name == r.Name || name == "" && r.Default {
			s.names = append(s.names, r.Name)
		}
	}
	return s, nil
}

// possible returns the names of the readings of an axis, or all names if there is
// no such axis.
func possible(axis string) string {
	var ofAxis, all []string
	for _, r := range table {
		all = append(all, r.Name)
		if r.Axis() == axis {
			ofAxis = append(ofAxis, r.Name)
		}
	}
	if ofAxis == nil {
		return strings.Join(all, ", ")
	}
	return strings.Join(ofAxis, ", ")
}

// Has reports whether the reading with this name is in the set.
func (s Set) Has(name string) bool { return slices.Contains(s.names, name) }
