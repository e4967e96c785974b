// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package sandbox

import (
	"encoding/json"
	"fmt"
	"html"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/catalog"
	"github.com/digitalriver/terraform-provider-digitalriver/internal/duration"
)

// The kinds of faults of API requests.
const (
	faultStatus      = "status"
	faultHTML        = "html"
	faultResetBefore = "reset_before"
	faultResetAfter  = "reset_after"
	faultHang        = "hang"
	faultSlow        = "slow"
	faultTruncate    = "truncate"
)

// The kinds of faults of deliveries.
const (
	faultDuplicate    = "duplicate"
	faultReorder      = "reorder"
	faultLate         = "late"
	faultOldSecret    = "old_secret"
	faultBadSignature = "bad_signature"
	faultDrop         = "drop"
)

var (
	requestFaults = []string{
		faultStatus, faultHTML, faultResetBefore, faultResetAfter, faultHang, faultSlow, faultTruncate,
	}
	deliveryFaults = []string{
		faultDuplicate, faultReorder, faultLate, faultOldSecret, faultBadSignature, faultDrop,
	}
)

// FaultKinds returns the kinds of faults, those of API requests first.
func FaultKinds() []string { return slices.Concat(requestFaults, deliveryFaults) }

var faultMethods = []string{
	http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut,
	http.MethodPatch, http.MethodDelete, http.MethodOptions,
}

// rule makes the API requests or the deliveries that it matches fail. Its kind
// decides which of the two.
type rule struct {
	Method string `json:"method"`
	// Path is a prefix of the escaped path.
	Path string `json:"path"`
	// Type is a pattern for the type of the event.
	Type string `json:"type,omitempty"`
	// Webhook is the id of the webhook.
	Webhook string `json:"webhook,omitempty"`
	Kind    string `json:"kind"`
	// Status is the status of the kinds status and html.
	Status int `json:"status"`
	// RetryAfter is in seconds.
	RetryAfter  *int              `json:"retryAfter,omitempty"`
	Delay       duration.Duration `json:"delay"`
	Probability float64           `json:"probability"`
	// Times is how many more times the rule fires; 0 is without end.
	Times int `json:"times"`
}

// faults holds the rules and decides which of them fires.
type faults struct {
	seed uint64

	mu    sync.Mutex
	rules []rule
	rand  *rand.Rand
}

func newFaults(seed uint64) *faults {
	f := &faults{seed: seed}
	f.reset()
	return f
}

// reset removes all rules and restarts the random numbers.
func (f *faults) reset() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.rules = nil
	f.rand = rand.New(rand.NewPCG(f.seed, 0))
}

func (f *faults) set(rules []rule) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.rules = rules
}

func (f *faults) list() []rule {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]rule{}, f.rules...)
}

// onRequest returns the first rule for an API request that fires, or nil.
func (f *faults) onRequest(method, path string) *rule {
	return f.fire(func(r rule) bool {
		return slices.Contains(requestFaults, r.Kind) &&
			(r.Method == "" || r.Method == method) && strings.HasPrefix(path, r.Path)
	})
}

// onDelivery returns the kind of the first rule for an attempt that fires, or "".
// Rules of the kinds in except do not.
func (f *faults) onDelivery(a *attempt, except ...string) string {
	fired := f.fire(func(r rule) bool {
		return slices.Contains(deliveryFaults, r.Kind) && !slices.Contains(except, r.Kind) &&
			(r.Type == "" || catalog.Matches(r.Type, a.EventType)) && (r.Webhook == "" || r.Webhook == a.WebhookID)
	})
	if fired == nil {
		return ""
	}
	return fired.Kind
}

// fire returns the first rule that matches and that chance lets fire, or nil. A
// rule that has fired for the last time is removed.
func (f *faults) fire(matches func(rule) bool) *rule {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i, r := range f.rules {
		if !matches(r) || f.rand.Float64() >= r.Probability {
			continue
		}
		switch r.Times {
		case 0:
		case 1:
			f.rules = slices.Delete(f.rules, i, i+1)
		default:
			f.rules[i].Times--
		}
		return &r
	}
	return nil
}

func (r rule) errorResponse() response {
	e := newError(r.Status, "unknown_error", "A fault rule asks for status %d.", r.Status)
	e.header = r.header()
	return e.response()
}

func (r rule) htmlResponse() response {
	page := htmlResponse(r.Status)
	page.header = r.header()
	return page
}

// htmlResponse returns what a proxy in front of the API might send.
func htmlResponse(status int) response {
	title := html.EscapeString(strconv.Itoa(status) + " " + http.StatusText(status))
	return response{status: status, contentType: "text/html; charset=utf-8", body: fmt.Appendf(nil, htmlPage, title)}
}

const htmlPage = `<!DOCTYPE html>
<html>
<head><title>%[1]s</title></head>
<body>
<h1>%[1]s</h1>
<p>The proxy could not reach the server.</p>
</body>
</html>
`

func (r rule) header() map[string]string {
	if r.RetryAfter == nil {
		return nil
	}
	return map[string]string{"Retry-After": strconv.Itoa(*r.RetryAfter)}
}

func (s *Sandbox) listFaults(call) (response, error) {
	return jsonResponse(http.StatusOK, encode(s.faults.list())), nil
}

// setFaults replaces all rules and returns them.
func (s *Sandbox) setFaults(c call) (response, error) {
	rules, err := decodeRules(c.body)
	if err != nil {
		return response{}, err
	}
	encoded := encode(rules) // Before they can fire.
	s.faults.set(rules)
	return jsonResponse(http.StatusOK, encoded), nil
}

// decodeRules decodes a list of rules. The parameters of problems are such as
// [0].kind.
func decodeRules(body []byte) ([]rule, error) {
	list, err := decodeBody[[]json.RawMessage](body, "array")
	if err != nil {
		return nil, err
	}
	var p problems
	rules := make([]rule, len(list))
	for i, value := range list {
		rules[i] = decodeRule(&p, fmt.Sprintf("[%d]", i), value)
	}
	return rules, p.err()
}

func decodeRule(p *problems, parameter string, value json.RawMessage) rule {
	r := rule{Probability: 1}
	members := decode[map[string]json.RawMessage](p, parameter, "an object", value)
	if members == nil {
		return r
	}
	fields{
		"method":      field(&r.Method, "a string"),
		"path":        field(&r.Path, "a string"),
		"type":        field(&r.Type, "a string"),
		"webhook":     field(&r.Webhook, "a string"),
		"kind":        field(&r.Kind, "a string"),
		"status":      field(&r.Status, "a whole number"),
		"retryAfter":  fieldBy(&r.RetryAfter, decodeSeconds),
		"delay":       fieldBy(&r.Delay, decodeDuration),
		"probability": field(&r.Probability, "a number"),
		"times":       field(&r.Times, "a whole number"),
	}.read(p, parameter+".", "a fault rule", members)
	r.check(p, parameter+".")
	return r
}

// decodeSeconds decodes a number of seconds.
func decodeSeconds(p *problems, parameter string, value json.RawMessage) *int {
	seconds := decode[int](p, parameter, "a whole number of seconds", value)
	p.expect(seconds >= 0, parameter, "%s must not be negative.", parameter)
	return &seconds
}

// check finds the problems of a rule. The names of its parameters begin with at.
func (r *rule) check(p *problems, at string) {
	p.require(at+"kind", r.Kind)
	p.expect(slices.Contains(FaultKinds(), r.Kind),
		at+"kind", "%skind must be one of %s.", at, strings.Join(FaultKinds(), ", "))
	r.checkScope(p, at)
	p.expect(r.Type == "" || catalog.ValidPattern(r.Type), at+"type",
		"%stype must be an event type such as order.accepted, a pattern such as order.*, or empty.", at)
	p.expect(r.Method == "" || slices.Contains(faultMethods, r.Method),
		at+"method", "%smethod must be one of %s, or empty.", at, strings.Join(faultMethods, ", "))
	p.expect(r.Path == "" || strings.HasPrefix(r.Path, "/"), at+"path", "%spath must begin with / or be empty.", at)
	lowest, needed := map[string]int{faultStatus: 400, faultHTML: 200}[r.Kind]
	lowest = max(lowest, 200)
	p.expect(r.Status >= lowest && r.Status <= 599 || r.Status == 0 && !needed,
		at+"status", "%sstatus must be from %d to 599 for kind %s.", at, lowest, r.Kind)
	p.expect(r.Probability >= 0 && r.Probability <= 1, at+"probability", "%sprobability must be from 0 to 1.", at)
	p.expect(r.Times >= 0, at+"times", "%stimes must not be negative.", at)
}

// checkScope refuses the members that do not apply to the rule's kind.
func (r *rule) checkScope(p *problems, at string) {
	refuse := func(given bool, member string, kinds []string) {
		p.expect(!given, at+member, "%s%s applies only to the kinds %s.", at, member, strings.Join(kinds, ", "))
	}
	switch {
	case slices.Contains(requestFaults, r.Kind):
		refuse(r.Type != "", "type", deliveryFaults)
		refuse(r.Webhook != "", "webhook", deliveryFaults)
	case slices.Contains(deliveryFaults, r.Kind):
		refuse(r.Method != "", "method", requestFaults)
		refuse(r.Path != "", "path", requestFaults)
		refuse(r.Status != 0, "status", requestFaults)
		refuse(r.RetryAfter != nil, "retryAfter", requestFaults)
		refuse(r.Delay != 0, "delay", requestFaults)
	}
}
