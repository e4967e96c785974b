// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/sandbox/readings"
)

// TestAccReadings takes webhooks and a rotation through a whole life under every
// reading of the public sources: nothing is tainted, replaced, lost or made twice,
// no plan loops, and the user is told what the API did. What the user is told may
// depend on the reading; the tables in helper_notices_test.go have it.
//
// It compares the results with the matrix in the docs. With -update it writes the
// matrix:
//
//	make test PKGS='./internal/provider -args -update' TESTFLAGS='-run=TestAccReadings'
func TestAccReadings(t *testing.T) {
	cases := readingCases()
	results := newMatrix(cases)
	t.Cleanup(func() { results.check(t) })
	for _, served := range cases {
		t.Run(caseName(served), func(t *testing.T) {
			t.Parallel()
			l := newLife(t, served)
			l.run()
			results.add(l)
		})
	}
}

// readingCases has the defaults, each other reading once, and combinations in
// which an API ignores what it does not know.
func readingCases() [][]string {
	cases := [][]string{{}}
	for _, r := range readings.All() {
		if !r.Default {
			cases = append(cases, []string{r.Name})
		}
	}
	for _, name := range []string{
		readings.UserNameLowerCase, readings.UserNameCamelCase, readings.OAuthExtrasUnknown,
	} {
		cases = append(cases, []string{name, readings.UnknownMembersDropped})
	}
	return cases
}

func caseName(served []string) string {
	if len(served) == 0 {
		return "defaults"
	}
	return strings.Join(served, ",")
}

// setting is a webhook that shows what becomes of one attribute. It has the
// arguments of before, then those of after; then somebody else sets it to drift.
// A nil drift changes nothing.
type setting struct {
	name                 string
	before, after, drift object
}

var (
	basic      = object{"username": "u", "password": "password-1"}
	tokenGrant = object{
		"token_endpoint": "https://example.com/token", "client_id": "c", "client_secret": "secret-1",
		"username": "u", "password": "password-1",
	}
	clientGrant = object{
		"token_endpoint": "https://example.com/token", "client_id": "c", "client_secret": "secret-1",
		"grant_type": "client_credentials",
	}
)

func authentication(further object) object { return object{"authentication": merged(basic, further)} }
func oauth(further object) object          { return object{"oauth": merged(tokenGrant, further)} }

var settings = []setting{
	{
		"address", object{"address": "https://Shop.example.com:443"}, object{"address": "https://Shop.example.com:443/in/"},
		object{"address": "https://shop.example.com/out"},
	},
	{
		"types", object{}, object{"types": []any{"refund.failed", "order.blocked", "order.accepted"}},
		object{"types": []any{"order.blocked"}},
	},
	{"enabled", object{}, object{"enabled": false}, object{"enabled": true}},
	{
		"api_version", object{"api_version": "default"}, object{"api_version": "latest"},
		object{"api_version": "2020-09-30"},
	},
	{
		"api_version_date", object{"api_version": "latest"}, object{"api_version": "2020-12-17"},
		object{"api_version": "default"},
	},
	{"api_version_refused", object{}, object{"api_version": "2001-01-01"}, nil},
	{"authentication", object{}, authentication(nil), object{"authentication": nil}},
	{"without_authentication", authentication(nil), object{}, authentication(nil)},
	{"username", authentication(nil), authentication(object{"username": "v"}), authentication(object{"username": "w"})},
	{
		"password", authentication(nil), authentication(object{"password": "password-2"}),
		authentication(object{"password": "password-3"}),
	},
	{"transport_type", authentication(nil), oauth(nil), object{"transport_type": "HTTP"}},
	{
		"token_endpoint", oauth(nil), oauth(object{"token_endpoint": "https://example.com/token/2"}),
		oauth(object{"token_endpoint": "https://example.com/token/3"}),
	},
	{"client_id", oauth(nil), oauth(object{"client_id": "d"}), oauth(object{"client_id": "e"})},
	{
		"client_secret", oauth(nil), oauth(object{"client_secret": "secret-2"}),
		oauth(object{"client_secret": "secret-3"}),
	},
	{"oauth_username", oauth(nil), oauth(object{"username": "v"}), oauth(object{"username": "w"})},
	{
		"oauth_password", oauth(nil), oauth(object{"password": "password-2"}), oauth(object{"password": "password-3"}),
	},
	{"grant_type", oauth(nil), object{"oauth": clientGrant}, nil},
	{"audience", oauth(nil), oauth(object{"audience": "a"}), nil},
}

// The webhooks of the life that are no setting.
const (
	rotatedWebhook = "rotated" // has the rotation
	deletedWebhook = "deleted" // is deleted by somebody else
	lostWebhook    = "lost"    // is created, but the response is lost
)

// The steps of a life.
const (
	createStep   = "Create"
	unchanged    = "Clean plan"
	updateStep   = "Change"
	driftStep    = "Drift"
	rotationStep = "Rotation"
	lostStep     = "Lost responses"
	importStep   = "Import"
	destroyStep  = "Destroy"
)

var lifeSteps = []string{
	createStep, unchanged, updateStep, driftStep, rotationStep, lostStep, importStep, destroyStep,
}

func (l *life) run() {
	l.create()
	l.planClean()
	l.change()
	l.planClean()
	l.drift()
	l.rotate()
	l.loseResponses()
	l.importAll()
	l.destroy()
	l.checkTold()
}

const (
	actionCreate = "create"
	actionUpdate = "update"
	actionDelete = "delete"
	actionImport = "import"
)

func (l *life) create() {
	l.begin(createStep)
	want := map[string]string{}
	for _, s := range settings {
		l.configured[s.name] = webhookArguments(s.name, s.before)
	}
	l.configured[rotatedWebhook] = webhookArguments(rotatedWebhook, nil)
	l.configured[deletedWebhook] = webhookArguments(deletedWebhook, nil)
	for name := range l.configured {
		want[name] = actionCreate
	}
	l.rotation = object{"webhook_id": "${digitalriver_webhook." + rotatedWebhook + ".id}"}
	want["rotation"] = actionCreate
	l.applies(want)
	if len(l.ids) != len(l.configured) {
		l.t.Errorf("%d webhooks are in state, want %d", len(l.ids), len(l.configured))
	}
	if l.refused("rotation") {
		l.rotation = nil
	}
}

// planClean plans again without a change: nothing happens but an update in place
// of what the API did not take over, which the user then takes back.
func (l *life) planClean() {
	last := l.step
	l.begin(unchanged)
	want := map[string]string{}
	for _, s := range settings {
		if l.notTakenOver(last, s.name) {
			want[s.name] = actionUpdate
		}
	}
	l.configure()
	l.runs(l.workspace, want, "plan")
	for name := range want {
		l.takeBack(name)
	}
	l.api.checkNoWrites()
}

func (l *life) change() {
	l.begin(updateStep)
	want := map[string]string{}
	for _, s := range settings {
		l.configured[s.name] = webhookArguments(s.name, s.after)
		want[s.name] = actionUpdate
	}
	l.applies(want)
	for _, s := range settings {
		if l.refused(s.name) && !l.notTakenOver(l.step, s.name) {
			l.takeBack(s.name)
		}
	}
	if n := l.posts(webhooksPath); n != 0 {
		l.t.Errorf("the change created %d webhooks", n)
	}
}

// takeBack gives a setting its arguments from before the change.
func (l *life) takeBack(name string) {
	for _, s := range settings {
		if s.name == name {
			l.configured[name] = webhookArguments(name, s.before)
		}
	}
}

func (l *life) drift() {
	hidden := l.serves(readings.CredentialsMasked, readings.CredentialsAbsent)
	want := map[string]string{}
	for _, s := range settings {
		if s.drift == nil {
			continue
		}
		l.api.patch(l.ids[s.name], l.body(s.drift))
		if !hidden || !slices.Contains([]string{"password", "client_secret", "oauth_password"}, s.name) {
			want[s.name] = actionUpdate
		}
	}
	l.api.delete(l.ids[deletedWebhook])
	delete(l.ids, deletedWebhook)
	want[deletedWebhook] = actionCreate
	l.begin(driftStep)
	l.applies(want)
	if hidden {
		l.limits[driftStep] = "the API does not show passwords and client secrets, so a change of one is not seen"
	}
}

func (l *life) rotate() {
	l.begin(rotationStep)
	if l.rotation == nil {
		l.limits[rotationStep] = "not possible, since the API refused to create the rotation"
		l.limits[lostStep] = "only a create, since there is no rotation"
		return
	}
	id := l.ids[rotatedWebhook]
	before := len(l.api.secrets(id))
	l.rotation["triggers"] = object{"rotation": "1"}
	l.applies(map[string]string{"rotation": actionUpdate})
	if got := len(l.api.secrets(id)); got != before+1 {
		l.t.Errorf("%d secrets, want %d", got, before+1)
	}
}

// loseResponses loses the responses to a create and to a rotation, which are
// carried out all the same.
func (l *life) loseResponses() {
	l.begin(lostStep)
	secrets := "/webhooks/" + l.ids[rotatedWebhook] + "/secrets"
	l.configured[lostWebhook] = webhookArguments(lostWebhook, nil)
	want := map[string]string{lostWebhook: actionCreate}
	lost := object{"method": http.MethodPost, "path": webhooksPath, "kind": "reset_after", "times": 1}
	rules := []object{lost}
	if l.rotation != nil {
		l.rotation["triggers"] = object{"rotation": "2"}
		want["rotation"] = actionUpdate
		rules = append([]object{merged(lost, object{"path": secrets})}, lost)
	}
	l.api.faults(rules...)
	l.applies(want)
	l.api.faults()
	if n := l.posts(webhooksPath); n != 1 {
		l.t.Errorf("%d requests created the webhook, want 1: %v", n, l.api.writes())
	}
	if n := l.posts(secretsPath); l.rotation != nil && n != 1 {
		l.t.Errorf("%d requests rotated the secret, want 1: %v", n, l.api.writes())
	}
	if _, found := l.ids[lostWebhook]; !found {
		l.adopt(lostWebhook)
	}
}

// adopt imports a webhook of which the user was told that it may exist.
func (l *life) adopt(name string) {
	l.t.Helper()
	id := l.createdLast()
	l.write("import.tf", "import {\n  to = "+webhookTypeName+"."+name+"\n  id = \""+id+"\"\n}\n")
	l.applies(map[string]string{name: actionImport})
	l.write("import.tf", "")
}

// importAll imports all webhooks and the rotation elsewhere, into generated
// configuration.
func (l *life) importAll() {
	l.begin(importStep)
	w := &workspace{newFolder(l.t), l.env}
	w.write("versions.tf", l.read("versions.tf"))
	l.writeJSON(w, object{})
	want, blocks := map[string]string{}, ""
	block := func(resourceType, name, id string) {
		blocks += "import {\n  to = " + resourceType + "." + name + "\n  id = \"" + id + "\"\n}\n"
		want[name] = actionImport
	}
	for name, id := range l.ids {
		block(webhookTypeName, name, id)
	}
	if l.rotation != nil {
		block(rotationTypeName, "rotation", l.ids[rotatedWebhook])
	}
	w.write("import.tf", blocks)
	l.runs(w, want, "plan", "-generate-config-out=generated.tf")
	l.runs(w, want, "apply", "-auto-approve")
	l.runs(w, map[string]string{}, "plan")
	if got := len(w.state()); got != len(want) {
		l.t.Errorf("%d objects were imported, want %d", got, len(want))
	}
	l.api.checkNoWrites()
}

func (l *life) destroy() {
	l.begin(destroyStep)
	want := map[string]string{}
	for name := range l.configured {
		want[name] = actionDelete
	}
	if l.rotation != nil {
		want["rotation"] = actionDelete
	}
	l.runs(l.workspace, want, "destroy", "-auto-approve")
	for name, id := range l.ids {
		if status, _ := l.api.call(testKey, http.MethodGet, "/webhooks/"+id, nil); status != http.StatusNotFound {
			l.t.Errorf("%s still exists: %d", name, status)
		}
	}
	if left := len(l.state()); left != 0 {
		l.t.Errorf("%d objects are left in state", left)
	}
}
