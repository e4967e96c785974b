package provider

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/tfversion"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/digitalriver"
)

// operation is one of the things that Terraform asks of the API.
type operation struct {
	name string
	// before and then are the configurations around the operation, of which the
	// provider meta-argument and the name are filled in.
	before, then string
	// command brings the operation about.
	command []string
	// method and path say which requests fail; {id} is the webhook's id.
	method, path string
	secrets      int // that are active when all is done
}

const (
	faultsWebhook = `
resource "digitalriver_webhook" "{name}" {
  provider = {provider}
  address  = "https://example.com/before"
  types    = ["order.accepted", "refund.failed"]
}
`
	faultsRotation = faultsWebhook + `
resource "digitalriver_webhook_secret_rotation" "{name}" {
  provider         = {provider}
  webhook_id       = digitalriver_webhook.{name}.id
  rotate_on_create = {rotate}
  expose_secret    = true
}
`
	faultsList = `
data "digitalriver_webhooks" "{name}" {
  provider = {provider}
}
`
	faultsEphemeral = faultsWebhook + `
ephemeral "digitalriver_webhook_secret" "{name}" {
  provider   = {provider}
  webhook_id = digitalriver_webhook.{name}.id
}
`
)

var (
	apply   = []string{"apply", "-auto-approve", "-parallelism=50"}
	refresh = []string{"apply", "-auto-approve", "-parallelism=50", "-refresh-only"}

	operations = []operation{
		{"create", "", faultsWebhook, apply, http.MethodPost, "/webhooks", 1},
		{"read", faultsWebhook, faultsWebhook, refresh, http.MethodGet, "/webhooks/{id}", 1},
		{"list", "", faultsList, apply, http.MethodGet, "/webhooks", 1},
		{"update", faultsWebhook, strings.ReplaceAll(faultsWebhook, "before", "after"), apply, http.MethodPatch, "/webhooks/{id}", 1},
		{"delete", faultsWebhook, "", apply, http.MethodDelete, "/webhooks/{id}", 0},
		{"rotate", faultsWebhook, strings.ReplaceAll(faultsRotation, "{rotate}", "true"), apply, http.MethodPost, "/webhooks/{id}/secrets", 2},
		{"reveal", strings.ReplaceAll(faultsRotation, "{rotate}", "false"), strings.ReplaceAll(faultsRotation, "{rotate}", "false"), refresh, http.MethodGet, "/webhooks/{id}/secrets", 1},
		{"reveal ephemerally", faultsWebhook, faultsEphemeral, apply, http.MethodGet, "/webhooks/{id}/secrets", 1},
	}
)

// fault is one kind of fault and what users see of it.
type fault struct {
	name string
	rule object
	// timeout is the request_timeout; empty for the default.
	timeout string
	// once and many are words of the error when it strikes once or always;
	// empty for success.
	once, many string
	// except has other words for some operations, by "operation once" and
	// "operation many".
	except map[string]string
}

// success is an exception that ends well.
const success = ""

var (
	// A change whose answer is lost each time but that was carried out: creates
	// and rotations are found afterwards.
	lostAnswers = map[string]string{"create many": success, "rotate many": success}

	faultKinds = []fault{
		{name: "status 429", rule: object{"kind": "status", "status": 429}, many: "answered 429"},
		{name: "status 429 that asks for seconds", rule: object{"kind": "status", "status": 429, "retryAfter": 2}, many: "answered 429"},
		{name: "status 429 that asks for an hour", rule: object{"kind": "status", "status": 429, "retryAfter": 3600}, once: "the API asked to wait 1h0m0s", many: "the API asked to wait 1h0m0s"},
		{name: "status 500", rule: object{"kind": "status", "status": 500}, many: "answered 500"},
		{name: "status 503 that asks for seconds", rule: object{"kind": "status", "status": 503, "retryAfter": 2}, many: "answered 503"},
		{name: "status 503 that asks for an hour", rule: object{"kind": "status", "status": 503, "retryAfter": 3600}, once: "the API asked to wait 1h0m0s", many: "the API asked to wait 1h0m0s"},
		{name: "status 408", rule: object{"kind": "status", "status": 408}, many: "answered 408"},
		{name: "status 400", rule: object{"kind": "status", "status": 400}, once: "The API refused", many: "The API refused"},
		{name: "status 401", rule: object{"kind": "status", "status": 401}, once: "The API key is wrong", many: "The API key is wrong"},
		{name: "status 403", rule: object{"kind": "status", "status": 403}, once: "The API key may not do this", many: "The API key may not do this"},
		{name: "status 409", rule: object{"kind": "status", "status": 409}, once: "answered 409", many: "answered 409"},
		{name: "html 502", rule: object{"kind": "html", "status": 502}, many: "the answer is an HTML page"},
		{name: "html 200", rule: object{"kind": "html", "status": 200}, many: "the answer is an HTML page"},
		{name: "html 404", rule: object{"kind": "html", "status": 404}, many: "the answer is an HTML page",
			except: map[string]string{"create once": "the answer is an HTML page", "rotate once": "the answer is an HTML page"}},
		{name: "reset_before", rule: object{"kind": "reset_before"}, many: "got no answer"},
		{name: "reset_after", rule: object{"kind": "reset_after"}, many: "got no answer", except: lostAnswers},
		{name: "hang", rule: object{"kind": "hang", "delay": "1ms"}, many: "got no answer"},
		{name: "hang for too long", rule: object{"kind": "hang", "delay": "1h"}, timeout: "500ms", many: "no complete answer within 500ms"},
		{name: "slow", rule: object{"kind": "slow", "delay": "1ms"}},
		{name: "slow for too long", rule: object{"kind": "slow", "delay": "1h"}, timeout: "500ms", many: "no complete answer within 500ms"},
		// An answer to a delete has no body that could be cut off.
		{name: "truncate", rule: object{"kind": "truncate"}, many: "the answer is cut off",
			except: map[string]string{"create many": success, "rotate many": success, "delete many": success}},
	}
)

// want is the words of the error that a case ends in, empty for success.
func (f fault) want(operation, times string) string {
	if words, ok := f.except[operation+" "+times]; ok {
		return words
	}
	if times == "once" {
		return f.once
	}
	return f.many
}

// faultCase is a fault in one operation, with a provider, a clock and an
// account of its own, so that many cases go into one run of Terraform.
type faultCase struct {
	api            *sandboxAPI
	provider, name string
	id             string // of the webhook that is there before
	rule           object
	timeout, want  string
}

func (c *faultCase) config(body string) string {
	timeout := ""
	if c.timeout != "" {
		timeout = fmt.Sprintf("  request_timeout = %q\n", c.timeout)
	}
	return fmt.Sprintf("provider %q {\n  api_key  = %q\n  base_url = %q\n%s}\n", c.provider, testKey, c.api.url, timeout) +
		strings.NewReplacer("{provider}", c.provider, "{name}", c.name).Replace(body)
}

// in is the part of state that is of this case.
func (c *faultCase) in(state map[string]instance) map[string]instance {
	part := map[string]instance{}
	for address, i := range state {
		if strings.HasSuffix(address, "."+c.name) {
			part[address] = i
		}
	}
	return part
}

func faultCases(t *testing.T, o operation) []*faultCase {
	var cases []*faultCase
	for _, f := range faultKinds {
		for _, times := range []string{"once", "many"} {
			if times == "many" && f.once != "" {
				continue // It ends at the first time.
			}
			rule := object{"method": o.method, "times": 0}
			if times == "once" {
				rule["times"] = 1
			}
			for member, value := range f.rule {
				rule[member] = value
			}
			cases = append(cases, &faultCase{
				api:      startSandbox(t),
				provider: fmt.Sprintf("case%d", len(cases)),
				name:     strings.ReplaceAll(f.name+" "+times, " ", "_"),
				rule:     rule, timeout: f.timeout, want: f.want(o.name, times),
			})
		}
	}
	return cases
}

// TestAccFaults holds each operation against each kind of fault, once and
// without end: it succeeds or ends in the error that the table names, and
// afterwards the account holds what state says.
func TestAccFaults(t *testing.T) {
	for _, o := range operations {
		t.Run(o.name, func(t *testing.T) {
			t.Parallel()
			testFaults(t, o)
		})
	}
}

func testFaults(t *testing.T, o operation) {
	w, cases := newWorkspace(t), faultCases(t, o)
	if strings.HasSuffix(o.then, faultsEphemeral) {
		w.require(tfversion.Version1_10_0)
	}
	clocks := map[string]digitalriver.Clock{}
	for _, c := range cases {
		clocks[c.provider] = &skippingClock{}
	}
	w.serve(clocks)
	configure := func(body string) {
		config := ""
		for _, c := range cases {
			config += c.config(body)
		}
		w.write("main.tf", config)
	}
	run := func(command []string) {
		t.Helper()
		if code, found := w.messages(command...); code != 0 {
			t.Fatalf("%s without faults: %s", command[0], strings.Join(errorsOf(found), "\n"))
		}
	}

	configure(o.before)
	if o.before != "" {
		run(apply)
	}
	for _, c := range cases {
		c.prepare(o)
	}

	configure(o.then)
	_, found := w.messages(o.command...)
	for _, c := range cases {
		c.checkErrors(found)
		c.api.faults()
		c.api.clearRequests()
	}

	run(refresh)
	state := w.state()
	for _, c := range cases {
		if writes := c.api.writes(); len(writes) > 0 {
			t.Errorf("%s: a refresh wrote %v", c.name, writes)
		}
		if diff := c.disagreement(o, state); diff != "" {
			t.Errorf("%s: state and API differ after the fault (-state +API):\n%s", c.name, diff)
		}
	}

	run(apply)
	if code, out := w.run("plan", "-detailed-exitcode", "-no-color", "-parallelism=50"); code != 0 {
		t.Errorf("the plan is not empty afterwards: exit code %d\n%s", code, out)
	}
	state = w.state()
	for _, c := range cases {
		c.checkEnd(o, state)
	}
	if !t.Failed() {
		t.Logf("%s: %d faults, no duplicate, nothing lost", o.name, len(cases))
	}
}

// prepare makes the requests of the operation fail.
func (c *faultCase) prepare(o operation) {
	c.api.t.Helper()
	if o.name == "list" {
		c.api.create(testKey, object{"address": "https://example.com/before", "types": []string{"order.accepted"}})
	}
	for _, webhook := range c.api.webhooks(testKey) {
		c.id = webhook.(object)["id"].(string)
	}
	c.rule["path"] = strings.ReplaceAll(o.path, "{id}", c.id)
	c.api.faults(c.rule)
	c.api.clearRequests()
}

// whatToDo is in each error; of a 400, the API's own words say it.
var whatToDo = regexp.MustCompile(`[Aa]pply again|Check the provider argument|needs the permission|The API refused`)

// checkErrors holds what Terraform said of the case against what was wanted.
func (c *faultCase) checkErrors(found []message) {
	c.api.t.Helper()
	fired := false
	for _, entry := range c.api.must(http.MethodGet, "/_sandbox/requests", nil).([]any) {
		fired = fired || entry.(object)["fault"] != ""
	}
	if !fired {
		c.api.t.Errorf("%s: the fault did not strike: %v", c.name, c.api.requests())
	}
	switch text := strings.Join(errorsOf(about(found, c.name, c.id)), "\n"); {
	case c.want == success && text != "":
		c.api.t.Errorf("%s: want success, got %s", c.name, text)
	case c.want != success && !strings.Contains(text, c.want):
		c.api.t.Errorf("%s: want an error with %q, got %q", c.name, c.want, text)
	case c.want != success && !(strings.Contains(text, "upstream-id") && whatToDo.MatchString(text)):
		c.api.t.Errorf("%s: the error does not say which request it was, or what to do: %s", c.name, text)
	}
}

func (c *faultCase) disagreement(o operation, state map[string]instance) string {
	if o.name == "list" {
		return ""
	}
	return c.api.disagreement(c.in(state))
}

// checkEnd checks what is there once an apply without faults has mended all.
func (c *faultCase) checkEnd(o operation, state map[string]instance) {
	c.api.t.Helper()
	if diff := c.disagreement(o, state); diff != "" {
		c.api.t.Errorf("%s: state and API differ in the end (-state +API):\n%s", c.name, diff)
	}
	webhooks := c.api.webhooks(testKey)
	if o.secrets == 0 {
		if len(webhooks) != 0 {
			c.api.t.Errorf("%s: webhooks left: %v", c.name, webhooks)
		}
		return
	}
	if len(webhooks) != 1 {
		c.api.t.Fatalf("%s: %d webhooks, want 1", c.name, len(webhooks))
	}
	id := webhooks[0].(object)["id"].(string)
	if got := len(c.api.secrets(id)); got != o.secrets {
		c.api.t.Errorf("%s: %d active secrets, want %d", c.name, got, o.secrets)
	}
	if o.name == "list" {
		if ids := state["data.digitalriver_webhooks."+c.name].Attributes["ids"].([]any); len(ids) != 1 || ids[0] != id {
			c.api.t.Errorf("%s: the list is %v, want %s", c.name, ids, id)
		}
	}
}
