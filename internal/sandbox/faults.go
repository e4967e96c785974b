package sandbox

import (
	"encoding/json"
	"fmt"
	"html"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// The kinds of faults.
const (
	faultStatus      = "status"
	faultHTML        = "html"
	faultResetBefore = "reset_before"
	faultResetAfter  = "reset_after"
	faultHang        = "hang"
	faultSlow        = "slow"
	faultTruncate    = "truncate"
)

var faultKinds = []string{faultStatus, faultHTML, faultResetBefore, faultResetAfter, faultHang, faultSlow, faultTruncate}

var faultMethods = []string{
	"", http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut,
	http.MethodPatch, http.MethodDelete, http.MethodOptions,
}

// rule makes the requests that it matches fail.
type rule struct {
	Method string `json:"method"`
	// Path is a prefix of the escaped path.
	Path string `json:"path"`
	Kind string `json:"kind"`
	// Status is what the kinds status and html answer with.
	Status int `json:"status"`
	// RetryAfter is a number of seconds.
	RetryAfter  *int     `json:"retryAfter,omitempty"`
	Delay       duration `json:"delay"`
	Probability float64  `json:"probability"`
	// Times is how often the rule fires yet; 0 is without end.
	Times int `json:"times"`
}

// duration is a time.Duration as Go writes it, such as 1m30s.
type duration time.Duration

// MarshalText implements encoding.TextMarshaler.
func (d duration) MarshalText() ([]byte, error) {
	return []byte(time.Duration(d).String()), nil
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

// reset is the state of the start: no rules, and the same random numbers again.
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

// fire is the first rule that matches and whose chance comes up, nil where
// there is none. A rule that has fired for the last time goes.
func (f *faults) fire(method, path string) *rule {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i := range f.rules {
		r := f.rules[i]
		if !r.matches(method, path) || f.rand.Float64() >= r.Probability {
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

func (r rule) matches(method, path string) bool {
	return (r.Method == "" || r.Method == method) && strings.HasPrefix(path, r.Path)
}

func (r rule) errorAnswer() answer {
	e := newError(r.Status, "fault", "The sandbox was told to answer %d.", r.Status)
	e.header = r.header()
	return e.answer()
}

// htmlAnswer is what a proxy in front of the API might say.
func (r rule) htmlAnswer() answer {
	title := html.EscapeString(strconv.Itoa(r.Status) + " " + http.StatusText(r.Status))
	page := fmt.Sprintf("<!DOCTYPE html>\n<html>\n<head><title>%[1]s</title></head>\n<body>\n<h1>%[1]s</h1>\n<p>The proxy could not reach the server.</p>\n</body>\n</html>\n", title)
	return answer{status: r.Status, header: r.header(), contentType: "text/html; charset=utf-8", body: []byte(page)}
}

func (r rule) header() map[string]string {
	if r.RetryAfter == nil {
		return nil
	}
	return map[string]string{"Retry-After": strconv.Itoa(*r.RetryAfter)}
}

// decodeRules reads a whole list of rules; parameters of problems are such as
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
	for _, name := range slices.Sorted(maps.Keys(members)) {
		r.set(p, parameter+"."+name, name, members[name])
	}
	r.check(p, parameter+".")
	return r
}

func (r *rule) set(p *problems, parameter, name string, value json.RawMessage) {
	switch name {
	case "method":
		r.Method = decode[string](p, parameter, "a string", value)
	case "path":
		r.Path = decode[string](p, parameter, "a string", value)
	case "kind":
		r.Kind = decode[string](p, parameter, "a string", value)
	case "status":
		r.Status = decode[int](p, parameter, "a whole number", value)
	case "retryAfter":
		seconds := decode[int](p, parameter, "a whole number of seconds", value)
		p.expect(seconds >= 0, parameter, "%s must not be negative.", parameter)
		r.RetryAfter = &seconds
	case "delay":
		r.Delay = decodeDuration(p, parameter, value)
	case "probability":
		r.Probability = decode[float64](p, parameter, "a number", value)
	case "times":
		r.Times = decode[int](p, parameter, "a whole number", value)
	default:
		p.add(codeInvalid, parameter, "%s is not a member of a fault rule.", name)
	}
}

// decodeDuration reads a duration that is not negative.
func decodeDuration(p *problems, parameter string, value json.RawMessage) duration {
	const want = "a duration such as 1m30s"
	d, err := time.ParseDuration(decode[string](p, parameter, want, value))
	p.expect(err == nil && d >= 0, parameter, "%s must be %s, and not negative.", parameter, want)
	return duration(d)
}

func (r *rule) check(p *problems, at string) {
	p.require(at+"kind", r.Kind)
	p.expect(slices.Contains(faultKinds, r.Kind), at+"kind", "%skind must be one of %s.", at, strings.Join(faultKinds, ", "))
	p.expect(slices.Contains(faultMethods, r.Method), at+"method", "%smethod must be one of %s, or empty.", at, strings.Join(faultMethods[1:], ", "))
	p.expect(r.Path == "" || strings.HasPrefix(r.Path, "/"), at+"path", "%spath must begin with / or be empty.", at)
	lowest := map[string]int{faultStatus: 400, faultHTML: 200}[r.Kind]
	p.expect(r.Status == 0 && lowest == 0 || r.Status >= max(lowest, 200) && r.Status <= 599,
		at+"status", "%sstatus must be from %d to 599 for kind %s.", at, max(lowest, 200), r.Kind)
	p.expect(r.Probability >= 0 && r.Probability <= 1, at+"probability", "%sprobability must be from 0 to 1.", at)
	p.expect(r.Times >= 0, at+"times", "%stimes must not be negative.", at)
}
