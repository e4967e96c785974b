// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"fmt"
	"maps"
	"regexp"
	"strings"
	"testing"
)

// fault is a kind of fault and what users see of it.
type fault struct {
	name string
	rule object
	// timesOut says that the fault outlasts the request_timeout.
	timesOut bool
	// once and always are words of the error when the fault strikes once or
	// always; success if there is none.
	once, always string
	// except has other words for some operations, by "operation once" and
	// "operation always".
	except map[string]string
}

const success = ""

var (
	// The change was carried out although its response is always lost: creates and
	// rotations are found afterwards.
	lostResponses = map[string]string{"create always": success, "rotate always": success}
	// The response to a delete has no body to cut off.
	cutOffResponses = map[string]string{"create always": success, "rotate always": success, "delete always": success}
	// A 404 for a path without an id is an error at once. A 404 for the secrets of
	// a webhook that exists means that the API does not offer them, and so does a
	// 403; a refresh ("reveal") only warns.
	notFoundPages = map[string]string{
		"create once": htmlPage, "rotate once": noSecrets, "rotate always": noSecrets,
		"reveal always": success, "reveal ephemerally always": noSecrets,
	}
	refusedSecrets = map[string]string{
		"rotate once": noSecrets, "reveal once": success, "reveal ephemerally once": noSecrets,
	}
)

var faults = []fault{
	statusFault("status 429", 429, 0, success, "returned 429"),
	statusFault("status 429 that asks for seconds", 429, 2, success, "returned 429"),
	statusFault("status 429 that asks for an hour", 429, 3600, longWait, longWait),
	statusFault("status 500", 500, 0, success, "returned 500"),
	statusFault("status 503 that asks for seconds", 503, 2, success, "returned 503"),
	statusFault("status 503 that asks for an hour", 503, 3600, longWait, longWait),
	statusFault("status 408", 408, 0, success, "returned 408"),
	statusFault("status 400", 400, 0, "The API rejected", "The API rejected"),
	statusFault("status 401", 401, 0, wrongKey, wrongKey),
	{
		name: "status 403", rule: object{"kind": "status", "status": 403},
		once: noPermission, always: noPermission, except: refusedSecrets,
	},
	statusFault("status 409", 409, 0, "returned 409", "returned 409"),
	{name: "html 502", rule: object{"kind": "html", "status": 502}, always: htmlPage},
	{name: "html 200", rule: object{"kind": "html", "status": 200}, always: htmlPage},
	{name: "html 404", rule: object{"kind": "html", "status": 404}, always: htmlPage, except: notFoundPages},
	{name: "reset_before", rule: object{"kind": "reset_before"}, always: noResponse},
	{name: "reset_after", rule: object{"kind": "reset_after"}, always: noResponse, except: lostResponses},
	{name: "hang", rule: object{"kind": "hang", "delay": "1ms"}, always: noResponse},
	{name: "hang for too long", rule: object{"kind": "hang", "delay": "1h"}, timesOut: true, always: tooSlow},
	{name: "slow", rule: object{"kind": "slow", "delay": "1ms"}},
	{name: "slow for too long", rule: object{"kind": "slow", "delay": "1h"}, timesOut: true, always: tooSlow},
	{name: "truncate", rule: object{"kind": "truncate"}, always: "the response is truncated", except: cutOffResponses},
}

// statusFault is a response with a status, and a Retry-After if that is not 0.
func statusFault(name string, status, retryAfter int, once, always string) fault {
	rule := object{"kind": "status", "status": status}
	if retryAfter > 0 {
		rule["retryAfter"] = retryAfter
	}
	return fault{name: name, rule: rule, once: once, always: always}
}

// want is the words of the error that an operation ends in, or success.
func (f fault) want(operation, times string) string {
	if words, ok := f.except[operation+" "+times]; ok {
		return words
	}
	if times == "once" {
		return f.once
	}
	return f.always
}

// faultCase is a fault in one operation, with an account of its own.
type faultCase struct {
	account
	id        string // of the webhook that exists before
	rule      object
	arguments string // of the provider during the fault
	want      string
}

func faultCases(t *testing.T, o operation) []*faultCase {
	t.Helper()
	var cases []*faultCase
	for _, f := range faults {
		for _, times := range []string{"once", "always"} {
			if times == "always" && f.once != success {
				continue // It ends at the first time.
			}
			c := &faultCase{
				account: newAccount(t, len(cases), f.name+" "+times),
				rule:    object{"method": o.method, "times": 0},
				want:    f.want(o.name, times),
			}
			maps.Copy(c.rule, f.rule)
			timeout := requestTimeout
			if times == "once" {
				c.rule["times"] = 1
				timeout = "5s" // The retry has to succeed within it, on a busy machine too.
			}
			if f.timesOut {
				c.arguments = fmt.Sprintf("  request_timeout = %q\n", timeout)
			}
			cases = append(cases, c)
		}
	}
	return cases
}

// TestAccFaults runs each operation with each kind of fault, once and always: it
// succeeds or ends in the error that the table names, and afterwards the account
// holds what state says.
func TestAccFaults(t *testing.T) {
	eachOperation(t, testFaults)
}

func testFaults(t *testing.T, o operation) {
	cases := faultCases(t, o)
	var accounts []account
	for _, c := range cases {
		accounts = append(accounts, c.account)
	}
	w := newOperationWorkspace(t, o, accounts)
	configure := func(body string, faulty bool) {
		config := ""
		for _, c := range cases {
			arguments := ""
			if faulty {
				arguments = c.arguments
			}
			config += c.config(testKey, arguments, body)
		}
		w.write("main.tf", config)
	}

	if o.before != "" {
		configure(o.before, false)
		w.mustJSON(applyCommand...)
	}
	for _, c := range cases {
		c.startFault(o)
	}
	configure(o.after, true)
	_, diagnostics := w.runJSON(o.command...)
	for _, c := range cases {
		c.checkErrors(diagnostics)
		c.api.faults()
		c.api.clearRequests()
	}

	configure(o.after, false)
	w.mustJSON(refreshCommand...)
	state := w.state()
	for _, c := range cases {
		if writes := c.api.writes(); len(writes) > 0 {
			t.Errorf("%s: a refresh wrote %v", c.name, writes)
		}
		c.checkState(o, "after the fault", state)
	}

	w.mustJSON(applyCommand...)
	if code, out := w.run("plan", "-detailed-exitcode", "-no-color", "-parallelism=50"); code != 0 {
		t.Errorf("the plan is not empty afterwards: exit code %d\n%s", code, out)
	}
	state = w.state()
	for _, c := range cases {
		c.checkState(o, "in the end", state)
		c.checkEnd(o, state)
	}
	if !t.Failed() {
		t.Logf("%s: %d faults, no duplicate, nothing lost", o.name, len(cases))
	}
}

// startFault makes the requests of the operation fail.
func (c *faultCase) startFault(o operation) {
	c.api.t.Helper()
	if o.name == "list" {
		c.api.create(testKey, webhookBody("https://example.com/before", "order.accepted"))
	}
	for _, webhook := range c.api.webhooks(testKey) {
		c.id = webhook.(object)["id"].(string)
	}
	c.rule["path"] = strings.ReplaceAll(o.path, "{id}", c.id)
	c.api.faults(c.rule)
	c.api.clearRequests()
}

// nextStep is in each error; of a 400, the API's own words say it.
var nextStep = regexp.MustCompile(`[Aa]pply again|Check the provider argument|needs the permission|The API rejected|` +
	`look for a new webhook|look at the secrets|check its permissions`)

// checkErrors checks what Terraform said of the case.
func (c *faultCase) checkErrors(diagnostics []diagnostic) {
	c.api.t.Helper()
	if c.api.faultCount("") == 0 {
		c.api.t.Errorf("%s: the fault did not strike: %v", c.name, c.api.requests())
	}
	switch text := errorText(diagnosticsOn(c.name, c.id, diagnostics)); {
	case c.want == success && text != "":
		c.api.t.Errorf("%s: want success, got %s", c.name, text)
	case c.want != success && !strings.Contains(text, c.want):
		c.api.t.Errorf("%s: want an error with %q, got %q", c.name, c.want, text)
	case c.want != success && !(strings.Contains(text, "upstream-id") && nextStep.MatchString(text)):
		c.api.t.Errorf("%s: the error lacks the request's id, or what to do next: %s", c.name, text)
	}
}

// checkState compares state with the account.
func (c *faultCase) checkState(o operation, when string, state map[string]instance) {
	c.api.t.Helper()
	if o.name == "list" {
		return // The webhook is not in state.
	}
	if diff := c.api.diffState(c.stateOf(state)); diff != "" {
		c.api.t.Errorf("%s: state and API differ %s (-state +API):\n%s", c.name, when, diff)
	}
}

// checkEnd checks the account after an apply without faults.
func (c *faultCase) checkEnd(o operation, state map[string]instance) {
	c.api.t.Helper()
	webhooks := c.api.webhooks(testKey)
	if want := min(o.secrets, 1); len(webhooks) != want {
		c.api.t.Fatalf("%s: %d webhooks, want %d: %v", c.name, len(webhooks), want, webhooks)
	}
	if o.secrets == 0 {
		return
	}
	id := webhooks[0].(object)["id"].(string)
	if got := len(c.api.secrets(id)); got != o.secrets {
		c.api.t.Errorf("%s: %d active secrets, want %d", c.name, got, o.secrets)
	}
	if o.name == "list" {
		ids := state["data.digitalriver_webhooks."+c.name].Attributes["ids"].([]any)
		if len(ids) != 1 || ids[0] != id {
			c.api.t.Errorf("%s: the list is %v, want %s", c.name, ids, id)
		}
	}
}
