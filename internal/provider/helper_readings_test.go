// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/digitalriver"
	"github.com/digitalriver/terraform-provider-digitalriver/internal/sandbox"
	"github.com/digitalriver/terraform-provider-digitalriver/internal/sandbox/readings"
)

// life takes webhooks and a rotation through a whole life, as a user would, in a
// sandbox that serves some readings.
type life struct {
	*workspace
	api      *sandboxAPI
	readings []string
	step     string
	// configured has the arguments of each webhook, by name.
	configured map[string]object
	rotation   object // the arguments of the rotation; nil: there is none
	ids        map[string]string
	told       map[string][]notice // what the user was told, by step
	limits     map[string]string   // what the reading makes impossible, by step
}

// otherWebhooks is how many webhooks the account has besides those of the life if
// the reading is about the list: more than one response may hold.
const otherWebhooks = 101

func newLife(t *testing.T, served []string) *life {
	t.Helper()
	l := &life{
		workspace: newWorkspace(t), readings: served,
		configured: map[string]object{}, ids: map[string]string{}, told: map[string][]notice{}, limits: map[string]string{},
	}
	l.serve(map[string]digitalriver.Clock{"digitalriver": &leapingClock{}})
	l.api = startSandboxWith(t, sandbox.Options{RateLimit: "off", Readings: served})
	if slices.ContainsFunc(served, func(name string) bool { return strings.HasPrefix(name, "list=") }) {
		for i := range otherWebhooks {
			l.api.create(testKey, webhookBody(fmt.Sprintf("https://example.com/other/%d", i), "order.accepted"))
		}
	}
	l.api.advance(time.Hour)
	return l
}

// serves reports whether the sandbox serves a reading that is not a default.
func (l *life) serves(names ...string) bool {
	return slices.ContainsFunc(names, func(name string) bool { return slices.Contains(l.readings, name) })
}

// begin begins a step, from which on the log of requests is empty.
func (l *life) begin(step string) {
	l.t.Helper()
	l.step = step
	l.api.clearRequests()
}

// webhookArguments are the arguments of a webhook, with defaults of the suite.
func webhookArguments(name string, further object) object {
	return merged(object{
		"address": "https://example.com/" + name, "types": []any{"order.accepted", "refund.failed"},
	}, further)
}

// configure writes the configuration.
func (l *life) configure() {
	l.t.Helper()
	resources := object{webhookTypeName: l.configured}
	if l.rotation != nil {
		resources[rotationTypeName] = object{"rotation": l.rotation}
	}
	l.writeJSON(l.workspace, object{
		"resource": resources,
		"data":     object{"digitalriver_webhooks": object{"all": object{}}},
	})
}

// writeJSON writes a configuration for the sandbox into a workspace.
func (l *life) writeJSON(w *workspace, config object) {
	l.t.Helper()
	encoded, err := json.Marshal(merged(config, object{"provider": object{"digitalriver": object{
		"api_key": testKey, "base_url": l.api.url, "live_mode": false,
	}}}))
	if err != nil {
		l.t.Fatal(err)
	}
	w.write("main.tf.json", string(encoded))
}

// runs runs a command, which has to plan these actions, by name, and to tell the
// user what the tables say. What the API refuses, the user takes back.
func (l *life) runs(w *workspace, want map[string]string, args ...string) outcome {
	l.t.Helper()
	o := w.runOutcome(args...)
	planned := map[string]string{}
	for address, action := range o.planned {
		planned[address[strings.LastIndex(address, ".")+1:]] = action
	}
	if diff := cmp.Diff(want, planned); diff != "" {
		l.t.Errorf("%s: the plan (-want +got):\n%s", l.step, diff)
	}
	for _, d := range o.diagnostics {
		n := noticeOf(l.step, d)
		if !ofTheCLI.MatchString(n.summary) && !slices.Contains(l.told[l.step], n) {
			l.told[l.step] = append(l.told[l.step], n)
		}
	}
	return o
}

// applies is runs for an apply. Afterwards no webhook is tainted, each has the ID
// that it had before, and state and the API have what is configured.
func (l *life) applies(want map[string]string) {
	l.t.Helper()
	l.configure()
	l.runs(l.workspace, want, "apply", "-auto-approve")
	for name, i := range instancesOf(webhookTypeName, l.state()) {
		id, _ := i.Attributes["id"].(string)
		if known := l.ids[name]; i.Status != "" || known != "" && known != id {
			l.t.Errorf("%s: %s is %q, and has the ID %s, before %s", l.step, name, i.Status, id, known)
		}
		l.ids[name] = id
		if !l.refused(name) {
			l.checkState(name, l.configured[name], i.Attributes)
			l.checkAPI(name, l.configured[name])
		}
	}
}

// refused reports whether the user was told in this step that the API did not
// take over an object.
func (l *life) refused(name string) bool {
	return slices.ContainsFunc(l.told[l.step], func(n notice) bool { return n.on == name && !n.harmless() })
}

// checkState compares arguments with state.
func (l *life) checkState(name string, arguments, attributes object) {
	l.t.Helper()
	for attribute, want := range arguments {
		got := attributes[attribute]
		if nested, ok := want.(object); ok {
			known, kept := object{}, got
			for inner := range nested {
				object, _ := kept.(object)
				known[inner] = object[inner]
			}
			got = known
		}
		if diff := cmp.Diff(want, got); diff != "" {
			l.t.Errorf("%s: %s: state has another %s (-want +got):\n%s", l.step, name, attribute, diff)
		}
	}
}

// checkAPI compares arguments with what the API shows.
func (l *life) checkAPI(name string, arguments object) {
	l.t.Helper()
	got := l.api.webhook(l.ids[name])
	for member, want := range l.body(arguments) {
		if diff := cmp.Diff(l.comparable(member, want), l.comparable(member, got[member])); diff != "" {
			l.t.Errorf("%s: %s: the API has another %s (-want +got):\n%s", l.step, name, member, diff)
		}
	}
}

// comparable brings a member of a webhook into a form that is the same for the
// same meaning.
func (l *life) comparable(member string, value any) any {
	switch value := value.(type) {
	case string:
		switch {
		case member == "address":
			return normalizedURL(value)
		case member == "apiVersion" && (isVersionAlias(value) || value == "2021-12-13"):
			return "alias, or what it stands for"
		}
	case []any:
		var elements []string
		for _, element := range value {
			elements = append(elements, element.(string))
		}
		slices.Sort(elements)
		return elements
	case object:
		shown := maps.Clone(value)
		if l.serves(readings.CredentialsMasked, readings.CredentialsAbsent) {
			delete(shown, "password")
			delete(shown, "clientSecret")
		}
		if !l.serves(readings.UserNameLowerCase, readings.UserNameCamelCase) && member == "authentication" {
			delete(shown, "userName")
		}
		if member == "oauth" && shown["grantType"] == nil {
			shown["grantType"] = digitalriver.GrantPassword
		}
		return shown
	}
	return value
}

// body is the body of a request with the members for these attributes.
func (l *life) body(attributes object) object {
	body := object{}
	for name, value := range attributes {
		member := apiMember(name)
		if nested, ok := value.(object); ok {
			value = l.body(nested)
		}
		if name == "username" && attributes["client_id"] == nil { // Not that of oauth.
			member = "username"
			if l.serves(readings.UserNameCamelCase) {
				member = "userName"
			}
		} else if name == "username" {
			member = "userName"
		}
		body[member] = value
	}
	return body
}

// posts is the number of requests of this step that create something at a path.
func (l *life) posts(path string) int {
	count := 0
	for _, request := range l.api.writes() {
		if strings.HasPrefix(request, http.MethodPost+" "+path+" ") {
			count++
		}
	}
	return count
}

// notice is a diagnostic that the user gets in a step.
type notice struct {
	step, on string // on is the name of the object; empty: none
	severity string
	summary  string // with ID in place of an ID
	detail   string // in a table: words of it
}

// ofTheCLI matches the warnings that the CLI itself gives in a test.
var ofTheCLI = regexp.MustCompile(`development overrides|[Cc]onfig(uration)? generation is experimental`)

var anyID = regexp.MustCompile(`: [0-9a-f]{8}-[0-9a-f-]{27}$`)

func noticeOf(step string, d diagnostic) notice {
	n := notice{
		step, d.Address[strings.LastIndex(d.Address, ".")+1:], d.Severity,
		anyID.ReplaceAllString(d.Summary, ": ID"), unwrapped(d.Detail),
	}
	if n.summary == modeNotShown { // Once a run, with any of the objects.
		n.on = ""
	}
	return n
}

// harmless reports whether the API did what it was asked to do.
func (n notice) harmless() bool {
	return n.severity == "warning" && !strings.HasPrefix(n.summary, notTakenOver)
}

func (n notice) matches(got notice) bool {
	return n.step == got.step && n.on == got.on && n.severity == got.severity && n.summary == got.summary &&
		strings.Contains(got.detail, n.detail)
}

// notTakenOver reports whether the user was told in a step that the API took over
// another value than the one of an object.
func (l *life) notTakenOver(step, name string) bool {
	return slices.ContainsFunc(l.told[step], func(n notice) bool {
		return n.on == name && strings.HasPrefix(n.summary, notTakenOver)
	})
}

// createdLast is the ID of the webhook that was created last; the list may lack
// it, but the sandbox knows what it sends events to.
func (l *life) createdLast() string {
	l.t.Helper()
	event := l.api.must(http.MethodPost, "/_sandbox/events", object{"type": "order.accepted"}).(object)
	for _, id := range event["webhookIds"].([]any) {
		webhook := l.api.webhook(id.(string))
		if strings.HasSuffix(webhook["address"].(string), "/"+lostWebhook) {
			return id.(string)
		}
	}
	l.t.Fatal("the webhook was not created")
	return ""
}
