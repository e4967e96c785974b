package sandbox

import (
	"bytes"
	"encoding/json"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"
)

// key is what an API key stands for.
type key struct {
	mode     string
	readOnly bool
}

const (
	modeTest = "test"
	modeLive = "live"
)

// keys are all API keys that there are.
var keys = map[string]key{
	"sk_test_sandbox": {mode: modeTest},
	"sk_live_sandbox": {mode: modeLive},
	"rk_test_sandbox": {mode: modeTest, readOnly: true},
}

func (k key) live() bool { return k.mode == modeLive }

func modeName(live bool) string {
	if live {
		return modeLive
	}
	return modeTest
}

func bearerToken(r *http.Request) string {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return token
}

// call is a request that has come through key, rate limit and faults.
type call struct {
	key    key
	method string
	path   string
	query  string
	header http.Header
	body   []byte
}

// operation is one line of the API's table.
type operation struct {
	method string
	// restricted says that a read-only key may call it.
	restricted bool
	run        func(s *Sandbox, c call, id string) (answer, error)
}

var (
	webhooksOperations = []operation{
		{http.MethodGet, true, (*Sandbox).listWebhooks},
		{http.MethodPost, false, (*Sandbox).createWebhook},
	}
	webhookOperations = []operation{
		{http.MethodGet, true, (*Sandbox).getWebhook},
		{http.MethodPatch, false, (*Sandbox).updateWebhook},
		{http.MethodDelete, false, (*Sandbox).deleteWebhook},
	}
	secretsOperations = []operation{
		{http.MethodGet, false, (*Sandbox).listSecrets},
		{http.MethodPost, false, (*Sandbox).rotateSecret},
	}
)

// route finds what a path offers and the webhook it names. Ids may hold
// escaped slashes, so it works on the escaped path.
func route(path string) (operations []operation, id string) {
	segments := strings.Split(path, "/")
	if len(segments) < 2 || len(segments) > 4 || segments[1] != "webhooks" {
		return nil, ""
	}
	if len(segments) == 2 {
		return webhooksOperations, ""
	}
	id, err := url.PathUnescape(segments[2])
	if err != nil || id == "" {
		return nil, ""
	}
	if len(segments) == 3 {
		return webhookOperations, id
	}
	if segments[3] != "secrets" {
		return nil, ""
	}
	return secretsOperations, id
}

// do carries a call out.
func (s *Sandbox) do(c call) answer {
	operations, id := route(c.path)
	if operations == nil {
		return unknownPath(c.path).answer()
	}
	var allowed []string
	for _, o := range operations {
		if o.method == c.method {
			return o.answer(s, c, id)
		}
		allowed = append(allowed, o.method)
	}
	return methodNotAllowed(c.method, allowed...).answer()
}

func (o operation) answer(s *Sandbox, c call, id string) answer {
	if c.key.readOnly && !o.restricted {
		return newError(http.StatusForbidden, "forbidden", "This restricted key may only read webhooks.").answer()
	}
	if v := c.header.Get("digitalriver-version"); v != "" && !validDate(v) {
		return badRequest(codeInvalid, "digitalriver-version", "digitalriver-version must be a date such as %s.", newestVersion).answer()
	}
	a, err := o.run(s, c, id)
	if err != nil {
		return errorAnswer(err)
	}
	return a
}

func unknownPath(path string) *apiError {
	return newError(http.StatusNotFound, "not_found", "There is nothing at %s.", path)
}

func methodNotAllowed(method string, allowed ...string) *apiError {
	allow := strings.Join(allowed, ", ")
	e := newError(http.StatusMethodNotAllowed, "method_not_allowed", "%s is not possible here, only %s.", method, allow)
	e.header = map[string]string{"Allow": allow}
	return e
}

func (s *Sandbox) createWebhook(c call, _ string) (answer, error) {
	w := newWebhook()
	if err := w.merge(c.body); err != nil {
		return answer{}, err
	}
	r, err := s.store.create(func() record {
		w.ID, w.LiveMode = uuid.NewString(), c.key.live()
		w.touch(s.store.clock.now())
		w.CreatedTime = w.UpdatedTime
		return record{Webhook: w, Secrets: []secret{newSecret(w.CreatedTime)}}
	})
	if err != nil {
		return answer{}, err
	}
	return jsonAnswer(http.StatusCreated, r.encoded), nil
}

func (s *Sandbox) getWebhook(c call, id string) (answer, error) {
	r, err := s.store.get(c.key.live(), id)
	if err != nil {
		return answer{}, err
	}
	return jsonAnswer(http.StatusOK, r.encoded), nil
}

func (s *Sandbox) updateWebhook(c call, id string) (answer, error) {
	r, err := s.store.update(c.key.live(), id, func(r *record) error {
		if !r.Webhook.Enabled {
			r.FailingSince = nil
		}
		r.Webhook.touch(s.store.clock.now())
		return r.Webhook.merge(c.body)
	})
	if err != nil {
		return answer{}, err
	}
	return jsonAnswer(http.StatusOK, r.encoded), nil
}

func (s *Sandbox) deleteWebhook(c call, id string) (answer, error) {
	return answer{status: http.StatusNoContent}, s.store.delete(c.key.live(), id)
}

func (s *Sandbox) listSecrets(c call, id string) (answer, error) {
	r, err := s.store.get(c.key.live(), id)
	if err != nil {
		return answer{}, err
	}
	return jsonAnswer(http.StatusOK, encode(struct {
		Data []secret `json:"data"`
	}{activeSecrets(r.Secrets, s.store.clock.now())})), nil
}

func (s *Sandbox) rotateSecret(c call, id string) (answer, error) {
	overlap, invalid := decodeRotation(c.body)
	r, err := s.store.update(c.key.live(), id, func(r *record) (err error) {
		if invalid != nil {
			return invalid
		}
		r.Secrets, err = rotate(r.Secrets, overlap, s.store.clock.now())
		return err
	})
	if err != nil {
		return answer{}, err
	}
	return jsonAnswer(http.StatusCreated, encode(r.Secrets[0])), nil
}

const (
	maxTypesFilter = 20
	defaultLimit   = 10
	maxLimit       = 100
)

func (s *Sandbox) listWebhooks(c call, _ string) (answer, error) {
	query, err := url.ParseQuery(c.query)
	if err != nil {
		return answer{}, badRequest(codeInvalid, "query", "The query cannot be read: %v.", err)
	}
	var p problems
	match := typeFilter(&p, query)
	limit := math.MaxInt
	if s.pages {
		limit = pageLimit(&p, query)
	}
	records := s.store.list(c.key.live())
	if s.pages {
		records = startAfter(&p, query, records)
	}
	if err := p.err(); err != nil {
		return answer{}, err
	}
	var found [][]byte
	more := false
	for _, r := range records {
		if !match(r.Webhook.Types) {
			continue
		}
		if more = len(found) == limit; more {
			break
		}
		found = append(found, r.encoded)
	}
	list := slices.Concat([]byte("["), bytes.Join(found, []byte(",")), []byte("]"))
	if s.pages {
		list = encode(struct {
			Data    json.RawMessage `json:"data"`
			HasMore bool            `json:"hasMore"`
		}{list, more})
	}
	return jsonAnswer(http.StatusOK, list), nil
}

// typeFilter matches webhooks by the query's type, which may be a group, or
// types.
func typeFilter(p *problems, query url.Values) func([]string) bool {
	one, many := query["type"], query["types"]
	switch {
	case len(one) > 0 && len(many) > 0:
		p.add(codeInvalid, "types", "type and types cannot be given both.")
	case len(one) > 1:
		p.add(codeInvalid, "type", "type cannot be given twice.")
	case len(many) > 1:
		p.add(codeInvalid, "types", "types cannot be given twice.")
	case len(one) == 1:
		return groupFilter(p, one[0])
	case len(many) == 1:
		return anyFilter(p, strings.Split(many[0], ","))
	}
	return func([]string) bool { return true }
}

func groupFilter(p *problems, pattern string) func([]string) bool {
	group, isGroup := strings.CutSuffix(pattern, ".*")
	p.expect(validType(pattern) || isGroup && validType(group+".x"), "type",
		"type must be an event type such as order.accepted or a group such as order.*.")
	return func(types []string) bool {
		return slices.ContainsFunc(types, func(t string) bool {
			return t == pattern || isGroup && strings.HasPrefix(t, group+".")
		})
	}
}

func anyFilter(p *problems, wanted []string) func([]string) bool {
	p.expect(len(wanted) <= maxTypesFilter, "types", "types must have %d event types at most.", maxTypesFilter)
	for _, t := range wanted {
		p.expect(validType(t), "types", "types must be event types separated by commas; %q is none.", t)
	}
	return func(types []string) bool {
		return slices.ContainsFunc(types, func(t string) bool { return slices.Contains(wanted, t) })
	}
}

func pageLimit(p *problems, query url.Values) int {
	if !query.Has("limit") {
		return defaultLimit
	}
	limit, err := strconv.Atoi(query.Get("limit"))
	p.expect(err == nil && limit >= 1 && limit <= maxLimit, "limit", "limit must be a number from 1 to %d.", maxLimit)
	return limit
}

// startAfter leaves the records after the one that startingAfter names.
func startAfter(p *problems, query url.Values, records []*record) []*record {
	if !query.Has("startingAfter") {
		return records
	}
	id := query.Get("startingAfter")
	i := slices.IndexFunc(records, func(r *record) bool { return r.Webhook.ID == id })
	p.expect(i >= 0, "startingAfter", "startingAfter: there is no webhook %q.", id)
	return records[i+1:]
}
