package sandbox_test

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/sandbox"
)

const (
	oauthMembers = `"oauth":{"tokenEndPoint":"https://id.example.com/token","clientID":"id","clientSecret":"cs"}`
	oauthWebhook = `{"types":["order.accepted"],"address":"https://example.com","transportType":"OAUTH",` + oauthMembers + `}`
	authMembers  = `"authentication":{"userName":"u","password":"p"}`
	authWebhook  = `{"types":["order.accepted"],"address":"https://example.com",` + authMembers + `}`
)

var (
	uuidForm = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)
	timeForm = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$`)
)

// variable takes out of a webhook what differs each time, after a look at it.
func variable(t *testing.T, webhook map[string]any) map[string]any {
	t.Helper()
	if id := webhook["id"].(string); !uuidForm.MatchString(id) {
		t.Errorf("id %q", id)
	}
	for _, name := range []string{"createdTime", "updatedTime"} {
		if at := webhook[name].(string); !timeForm.MatchString(at) {
			t.Errorf("%s %q", name, at)
		}
		delete(webhook, name)
	}
	delete(webhook, "id")
	return webhook
}

func TestCreate(t *testing.T) {
	s := start(t, sandbox.Options{})
	for _, test := range []struct {
		name, body string
		want       map[string]any
	}{
		{"defaults", simple, map[string]any{
			"types": []any{"order.accepted"}, "address": "https://example.com/hook", "apiVersion": "default",
			"enabled": true, "liveMode": false, "transportType": "HTTP",
		}},
		{"all of HTTP", `{"types":["order.accepted","order.charge.pending","a.b"],"address":"http://example.com","apiVersion":"2020-09-30",
			"enabled":false,"transportType":"HTTP","authentication":{"userName":"u","password":"p"},"oauth":null}`, map[string]any{
			"types": []any{"a.b", "order.charge.pending", "order.accepted"}, "address": "http://example.com", "apiVersion": "2020-09-30",
			"enabled": false, "liveMode": false, "transportType": "HTTP",
			"authentication": map[string]any{"userName": "u", "password": "p"},
		}},
		{"the SDK's username", `{"types":["a.b"],"address":"https://x","authentication":{"username":"u","password":"p"}}`, map[string]any{
			"types": []any{"a.b"}, "address": "https://x", "apiVersion": "default", "enabled": true, "liveMode": false, "transportType": "HTTP",
			"authentication": map[string]any{"userName": "u", "password": "p"},
		}},
		{"latest", `{"types":["a.b"],"address":"https://x","apiVersion":"latest"}`, map[string]any{
			"types": []any{"a.b"}, "address": "https://x", "apiVersion": "2021-12-13", "enabled": true, "liveMode": false, "transportType": "HTTP",
		}},
		{"OAUTH", oauthWebhook, map[string]any{
			"types": []any{"order.accepted"}, "address": "https://example.com", "apiVersion": "default", "enabled": true, "liveMode": false, "transportType": "OAUTH",
			"oauth": map[string]any{"tokenEndPoint": "https://id.example.com/token", "clientID": "id", "clientSecret": "cs", "grantType": "password"},
		}},
		{"all of OAUTH", `{"types":["a.b"],"address":"https://x","transportType":"OAUTH","authentication":null,"oauth":{"tokenEndPoint":"http://127.0.0.1:1/t",
			"clientID":"<id>","clientSecret":"&","grantType":"client_credentials","userName":"u","password":"p","audience":"a"}}`, map[string]any{
			"types": []any{"a.b"}, "address": "https://x", "apiVersion": "default", "enabled": true, "liveMode": false, "transportType": "OAUTH",
			"oauth": map[string]any{"tokenEndPoint": "http://127.0.0.1:1/t", "clientID": "<id>", "clientSecret": "&",
				"grantType": "client_credentials", "userName": "u", "password": "p", "audience": "a"},
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := s.in(t)
			created := s.call(201, "POST", "/webhooks", test.body)
			webhook := created.object(t)
			equal(t, "read", s.call(200, "GET", "/webhooks/"+webhook["id"].(string), "").body, created.body)
			equal(t, "createdTime", webhook["createdTime"], webhook["updatedTime"])
			equal(t, "created", variable(t, webhook), test.want)
		})
	}
}

func TestBadWebhooks(t *testing.T) {
	s := start(t, sandbox.Options{})
	const rest = `,"types":["a.b"],"address":"https://x"}`
	for _, test := range []struct {
		name, body string
		want       []string
	}{
		{"nothing", `{}`, []string{"missing_parameter types", "missing_parameter address"}},
		{"empty types", `{"types":[],"address":"https://x"}`, []string{"missing_parameter types"}},
		{"null types", `{"types":null,"address":"https://x"}`, []string{"invalid_parameter types"}},
		{"types no array", `{"types":"a.b","address":"https://x"}`, []string{"invalid_parameter types"}},
		{"types no strings", `{"types":[1,null,"a.b"],"address":"https://x"}`, []string{"invalid_parameter types", "invalid_parameter types"}},
		{"types no dotted names", `{"types":["order","a.","a.b c","a.*","a.b"],"address":"https://x"}`, slices.Repeat([]string{"invalid_parameter types"}, 4)},
		{"duplicate types", `{"types":["a.b","c.d","a.b"],"address":"https://x"}`, []string{"invalid_parameter types"}},
		{"address without scheme", `{"types":["a.b"],"address":"example.com"}`, []string{"invalid_parameter address"}},
		{"address without host", `{"types":["a.b"],"address":"https:///path"}`, []string{"invalid_parameter address"}},
		{"address with a port alone", `{"types":["a.b"],"address":"https://:443"}`, []string{"invalid_parameter address"}},
		{"address ftp", `{"types":["a.b"],"address":"ftp://example.com"}`, []string{"invalid_parameter address"}},
		{"address no URL", `{"types":["a.b"],"address":"https://exa mple.com"}`, []string{"invalid_parameter address"}},
		{"address empty", `{"types":["a.b"],"address":""}`, []string{"missing_parameter address"}},
		{"address no string", `{"types":["a.b"],"address":5}`, []string{"invalid_parameter address"}},
		{"enabled", `{"enabled":"true"` + rest, []string{"invalid_parameter enabled"}},
		{"enabled null", `{"enabled":null` + rest, []string{"invalid_parameter enabled"}},
		{"apiVersion", `{"apiVersion":"2021-13-45"` + rest, []string{"invalid_parameter apiVersion"}},
		{"apiVersion word", `{"apiVersion":"newest"` + rest, []string{"invalid_parameter apiVersion"}},
		{"apiVersion empty", `{"apiVersion":""` + rest, []string{"invalid_parameter apiVersion"}},
		{"transportType", `{"transportType":"http"` + rest, []string{"invalid_parameter transportType"}},
		{"transportType no string", `{"transportType":1` + rest, []string{"invalid_parameter transportType"}},
		{"authentication no object", `{"authentication":"u:p"` + rest, []string{"invalid_parameter authentication"}},
		{"authentication empty", `{"authentication":{}` + rest, []string{"missing_parameter authentication.userName", "missing_parameter authentication.password"}},
		{"authentication wrong", `{"authentication":{"userName":1,"password":null,"x":1}` + rest, []string{
			"invalid_parameter authentication.password", "invalid_parameter authentication.userName", "invalid_parameter authentication.x",
		}},
		{"userName twice", `{"authentication":{"userName":"a","username":"b","password":"p"}` + rest, []string{"invalid_parameter authentication.username"}},
		{"authentication with OAUTH", `{"transportType":"OAUTH",` + authMembers + `,` + oauthMembers + rest, []string{"invalid_parameter authentication"}},
		{"OAUTH without oauth", `{"transportType":"OAUTH"` + rest, []string{"missing_parameter oauth"}},
		{"oauth null", `{"transportType":"OAUTH","oauth":null` + rest, []string{"missing_parameter oauth"}},
		{"oauth no object", `{"transportType":"OAUTH","oauth":[]` + rest, []string{"invalid_parameter oauth"}},
		{"oauth with HTTP", `{` + oauthMembers + rest, []string{"invalid_parameter oauth"}},
		{"oauth empty", `{"transportType":"OAUTH","oauth":{}` + rest, []string{
			"missing_parameter oauth.tokenEndPoint", "missing_parameter oauth.clientID", "missing_parameter oauth.clientSecret",
		}},
		{"oauth wrong", `{"transportType":"OAUTH","oauth":{"tokenEndPoint":"http://example.com","clientID":"a","clientSecret":"b","grantType":"x","audience":1,"username":"u"}` + rest, []string{
			"invalid_parameter oauth.audience", "invalid_parameter oauth.username", "invalid_parameter oauth.tokenEndPoint", "invalid_parameter oauth.grantType",
		}},
		{"members of answers", `{"id":"1","liveMode":true,"createdTime":"x","updatedTime":"x"` + rest, []string{
			"invalid_parameter createdTime", "invalid_parameter id", "invalid_parameter liveMode", "invalid_parameter updatedTime",
		}},
		{"another case", `{"Enabled":true` + rest, []string{"invalid_parameter Enabled"}},
		{"all at once", `{"types":["x"],"address":"x","enabled":1,"apiVersion":"x","transportType":"x","x":1}`, []string{
			"invalid_parameter enabled", "invalid_parameter x", "invalid_parameter types", "invalid_parameter address",
			"invalid_parameter apiVersion", "invalid_parameter transportType",
		}},
		{"no JSON", `types=a.b`, []string{"invalid_body"}},
		{"empty", ``, []string{"invalid_body"}},
		{"null", `null`, []string{"invalid_body"}},
		{"array", `[` + simple + `]`, []string{"invalid_body"}},
		{"two objects", simple + simple, []string{"invalid_body"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := s.in(t)
			r := s.call(400, "POST", "/webhooks", test.body)
			equal(t, "errors", r.parameters(t), test.want)
			equal(t, "type", r.object(t)["type"], any("bad_request"))
			equal(t, "list", s.call(200, "GET", "/webhooks", "").body, "[]")
		})
	}
}

func TestUpdate(t *testing.T) {
	for _, test := range []struct {
		name, start, change string
		// want holds the members that are different then; nil says gone.
		want map[string]any
		bad  []string
	}{
		{"nothing", simple, `{}`, nil, nil},
		{"the same", simple, `{"types":["order.accepted"]}`, nil, nil},
		{"types", simple, `{"types":["a.b","c.d"]}`, map[string]any{"types": []any{"c.d", "a.b"}}, nil},
		{"address", simple, `{"address":"https://other"}`, map[string]any{"address": "https://other"}, nil},
		{"enabled", simple, `{"enabled":false}`, map[string]any{"enabled": false}, nil},
		{"apiVersion", simple, `{"apiVersion":"latest"}`, map[string]any{"apiVersion": "2021-12-13"}, nil},
		{"add authentication", simple, `{` + authMembers + `}`, map[string]any{"authentication": map[string]any{"userName": "u", "password": "p"}}, nil},
		{"replace authentication", authWebhook, `{"authentication":{"userName":"x","password":"y"}}`, map[string]any{"authentication": map[string]any{"userName": "x", "password": "y"}}, nil},
		{"keep authentication", authWebhook, `{"enabled":false}`, map[string]any{"enabled": false}, nil},
		{"remove authentication", authWebhook, `{"authentication":null}`, map[string]any{"authentication": nil}, nil},
		{"remove none", simple, `{"authentication":null,"oauth":null}`, nil, nil},
		{"to OAUTH", authWebhook, `{"transportType":"OAUTH",` + oauthMembers + `}`, map[string]any{
			"transportType": "OAUTH", "authentication": nil,
			"oauth": map[string]any{"tokenEndPoint": "https://id.example.com/token", "clientID": "id", "clientSecret": "cs", "grantType": "password"},
		}, nil},
		{"to HTTP", oauthWebhook, `{"transportType":"HTTP"}`, map[string]any{"transportType": "HTTP", "oauth": nil}, nil},
		{"to HTTP with authentication", oauthWebhook, `{"transportType":"HTTP",` + authMembers + `}`, map[string]any{
			"transportType": "HTTP", "oauth": nil, "authentication": map[string]any{"userName": "u", "password": "p"},
		}, nil},
		{"keep OAUTH", oauthWebhook, `{"transportType":"OAUTH","enabled":false}`, map[string]any{"enabled": false}, nil},
		{"replace oauth", oauthWebhook, `{"oauth":{"tokenEndPoint":"https://x","clientID":"a","clientSecret":"b","audience":"c"}}`, map[string]any{
			"oauth": map[string]any{"tokenEndPoint": "https://x", "clientID": "a", "clientSecret": "b", "audience": "c", "grantType": "password"},
		}, nil},

		{"to OAUTH without oauth", simple, `{"transportType":"OAUTH"}`, nil, []string{"missing_parameter oauth"}},
		{"remove oauth", oauthWebhook, `{"oauth":null}`, nil, []string{"missing_parameter oauth"}},
		{"oauth on HTTP", simple, `{` + oauthMembers + `}`, nil, []string{"invalid_parameter oauth"}},
		{"authentication on OAUTH", oauthWebhook, `{` + authMembers + `}`, nil, []string{"invalid_parameter authentication"}},
		{"partial oauth", oauthWebhook, `{"oauth":{"clientSecret":"new"}}`, nil, []string{"missing_parameter oauth.tokenEndPoint", "missing_parameter oauth.clientID"}},
		{"no types", simple, `{"types":[]}`, nil, []string{"missing_parameter types"}},
		{"unknown member", simple, `{"enabled":false,"id":"x"}`, nil, []string{"invalid_parameter id"}},
		{"no JSON", simple, `{`, nil, []string{"invalid_body"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := start(t, sandbox.Options{})
			before := s.call(201, "POST", "/webhooks", test.start).object(t)
			path := "/webhooks/" + before["id"].(string)
			if test.bad != nil {
				equal(t, "errors", s.call(400, "PATCH", path, test.change).parameters(t), test.bad)
				equal(t, "webhook", s.call(200, "GET", path, "").object(t), before)
				return
			}
			changed := s.call(200, "PATCH", path, test.change)
			equal(t, "read", s.call(200, "GET", path, "").body, changed.body)
			after := changed.object(t)
			if was, is := before["updatedTime"].(string), after["updatedTime"].(string); is <= was {
				t.Errorf("updatedTime %s after %s", is, was)
			}
			delete(after, "updatedTime")
			delete(before, "updatedTime")
			for name, value := range test.want {
				before[name] = value
				if value == nil {
					delete(before, name)
				}
			}
			equal(t, "webhook", after, before)
		})
	}
}

func TestDelete(t *testing.T) {
	s := start(t, sandbox.Options{})
	first, second, third := s.create(simple), s.create(simple), s.create(simple)
	if r := s.call(204, "DELETE", "/webhooks/"+second, ""); r.body != "" {
		t.Errorf("body %q", r.body)
	}
	for _, call := range [][3]string{
		{"GET", "", ""}, {"PATCH", "", `{}`}, {"DELETE", "", ""}, {"GET", "/secrets", ""}, {"POST", "/secrets", `{"expiresIn":1}`},
	} {
		equal(t, call[0]+call[1], s.call(404, call[0], "/webhooks/"+second+call[1], call[2]).parameters(t), []string{"not_found id"})
	}
	equal(t, "list", s.ids("/webhooks"), []string{first, third})
}

// ids lists the webhooks of an array in their order.
func (s *server) ids(path string) []string {
	s.t.Helper()
	ids := []string{}
	for _, w := range decode[[]struct{ ID string }](s.t, s.call(200, "GET", path, "").body) {
		ids = append(ids, w.ID)
	}
	return ids
}

func TestListFilters(t *testing.T) {
	s := start(t, sandbox.Options{})
	s.callAs(liveKey, 201, "POST", "/webhooks", simple)
	ids := map[string]string{}
	for _, types := range []string{"order.accepted", "order.charge.pending", "refund.complete", "orders.x"} {
		ids[types] = s.create(`{"types":["` + types + `","x.y"],"address":"https://x"}`)
	}
	for query, want := range map[string][]string{
		"":                                      {"order.accepted", "order.charge.pending", "refund.complete", "orders.x"},
		"?type=order.accepted":                  {"order.accepted"},
		"?type=order.*":                         {"order.accepted", "order.charge.pending"},
		"?type=order.charge.*":                  {"order.charge.pending"},
		"?type=order.charge":                    {},
		"?types=order.accepted":                 {"order.accepted"},
		"?types=refund.complete,orders.x,no.no": {"refund.complete", "orders.x"},
		"?types=refund.complete%2Corders.x":     {"refund.complete", "orders.x"},
		"?type=no.no":                           {},
		"?types=" + typeNames(20):               {},
	} {
		wanted := []string{}
		for _, name := range want {
			wanted = append(wanted, ids[name])
		}
		equal(t, query, s.ids("/webhooks"+query), wanted)
	}
	for query, want := range map[string][]string{
		"?type=a.b&types=a.b":     {"invalid_parameter types"},
		"?type=a.b&type=a.b":      {"invalid_parameter type"},
		"?types=a.b&types=a.b":    {"invalid_parameter types"},
		"?type=":                  {"invalid_parameter type"},
		"?types=":                 {"invalid_parameter types"},
		"?type=order":             {"invalid_parameter type"},
		"?type=*":                 {"invalid_parameter type"},
		"?type=order*":            {"invalid_parameter type"},
		"?type=order.acc*":        {"invalid_parameter type"},
		"?types=order.*":          {"invalid_parameter types"},
		"?types=a.b,":             {"invalid_parameter types"},
		"?types=" + typeNames(21): {"invalid_parameter types"},
		"?type=%zz":               {"invalid_parameter query"},
	} {
		equal(t, query, s.call(400, "GET", "/webhooks"+query, "").parameters(t), want)
	}
}

func typeNames(n int) string {
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprintf("event.n%d", i)
	}
	return strings.Join(names, ",")
}

func TestListPages(t *testing.T) {
	s := start(t, sandbox.Options{ListForm: "page"})
	type page struct {
		Data    []struct{ ID string }
		HasMore bool
	}
	read := func(query string) ([]string, bool) {
		p := decode[page](t, s.call(200, "GET", "/webhooks"+query, "").body)
		got := []string{}
		for _, w := range p.Data {
			got = append(got, w.ID)
		}
		return got, p.HasMore
	}
	expect := func(query string, want []string, wantMore bool) {
		t.Helper()
		got, more := read(query)
		equal(t, query, got, want)
		equal(t, query+" hasMore", more, wantMore)
	}
	expect("", []string{}, false)
	ids := make([]string, 12)
	for i := range ids {
		ids[i] = s.create(fmt.Sprintf(`{"types":["a.b","n.n%d"],"address":"https://x"}`, i%2))
	}
	expect("", ids[:10], true)
	expect("?startingAfter="+ids[9], ids[10:], false)
	expect("?limit=12", ids, false)
	expect("?limit=11", ids[:11], true)
	expect("?limit=100", ids, false)
	expect("?limit=1&startingAfter="+ids[4], ids[5:6], true)
	expect("?startingAfter="+ids[11], []string{}, false)
	expect("?type=n.n0&limit=2", []string{ids[0], ids[2]}, true)
	expect("?type=n.n0&limit=2&startingAfter="+ids[8], []string{ids[10]}, false)
	for query, want := range map[string][]string{
		"?limit=0":            {"invalid_parameter limit"},
		"?limit=101":          {"invalid_parameter limit"},
		"?limit=x":            {"invalid_parameter limit"},
		"?limit=":             {"invalid_parameter limit"},
		"?startingAfter=none": {"invalid_parameter startingAfter"},
		"?limit=0&type=x":     {"invalid_parameter type", "invalid_parameter limit"},
	} {
		equal(t, query, s.call(400, "GET", "/webhooks"+query, "").parameters(t), want)
	}
}

// TestAuthorization is every key against every operation.
func TestAuthorization(t *testing.T) {
	s := start(t, sandbox.Options{})
	path := "/webhooks/" + s.create(simple)
	before := s.call(200, "GET", path, "").body
	secrets := s.call(200, "GET", path+"/secrets", "").body
	operations := []struct{ method, path, body string }{
		{"GET", "/webhooks", ""},
		{"GET", path, ""},
		{"GET", "/webhooks/none", ""},
		{"POST", "/webhooks", simple},
		{"PATCH", path, `{"enabled":false}`},
		{"DELETE", path, ""},
		{"GET", path + "/secrets", ""},
		{"POST", path + "/secrets", `{"expiresIn":1}`},
		{"GET", "/nothing", ""},
		{"PUT", "/webhooks", ""},
	}
	for key, want := range map[string][]int{
		"":              {401, 401, 401, 401, 401, 401, 401, 401, 401, 401},
		"sk_test_other": {401, 401, 401, 401, 401, 401, 401, 401, 401, 401},
		restrictedKey:   {200, 200, 404, 403, 403, 403, 403, 403, 404, 405},
		liveKey:         {200, 404, 404, 201, 404, 404, 404, 404, 404, 405},
	} {
		for i, o := range operations {
			r := s.callAs(key, want[i], o.method, o.path, o.body)
			types := map[int]string{401: "unauthorized", 403: "forbidden", 404: "not_found", 405: "method_not_allowed"}
			if name := types[r.status]; name != "" {
				equal(t, key+" "+o.method+" "+o.path, r.object(t)["type"], any(name))
			}
		}
	}
	equal(t, "webhook", s.call(200, "GET", path, "").body, before)
	equal(t, "secrets", s.call(200, "GET", path+"/secrets", "").body, secrets)
	equal(t, "test list", len(s.ids("/webhooks")), 1)
	equal(t, "restricted list", s.callAs(restrictedKey, 200, "GET", "/webhooks", "").body, "["+before+"]")
}

func TestLiveMode(t *testing.T) {
	s := start(t, sandbox.Options{})
	live := s.callAs(liveKey, 201, "POST", "/webhooks", simple)
	equal(t, "liveMode", live.object(t)["liveMode"], any(true))
	equal(t, "live list", s.callAs(liveKey, 200, "GET", "/webhooks", "").body, "["+live.body+"]")
	equal(t, "test list", s.call(200, "GET", "/webhooks", "").body, "[]")
}

func TestPaths(t *testing.T) {
	s := start(t, sandbox.Options{})
	for _, test := range []struct {
		method, path string
		status       int
		want, allow  string
	}{
		{"GET", "/webhooks/a%2Fb", 404, "not_found id", ""},
		{"GET", "/webhooks/%20%C3%BC%3F", 404, "not_found id", ""},
		{"GET", "/webhooks/a%2Fb/secrets", 404, "not_found id", ""},
		{"GET", "/webhooks/a/b", 404, "not_found", ""},
		{"GET", "/webhooks/a/secrets/x", 404, "not_found", ""},
		{"GET", "/webhooks/", 404, "not_found", ""},
		{"GET", "//webhooks", 404, "not_found", ""},
		{"GET", "/", 404, "not_found", ""},
		{"GET", "/webhook", 404, "not_found", ""},
		{"GET", "/_sandboxes", 404, "not_found", ""},
		{"PUT", "/webhooks", 405, "method_not_allowed", "GET, POST"},
		{"POST", "/webhooks/a", 405, "method_not_allowed", "GET, PATCH, DELETE"},
		{"DELETE", "/webhooks/a/secrets", 405, "method_not_allowed", "GET, POST"},
		{"OPTIONS", "/webhooks", 405, "method_not_allowed", "GET, POST"},
	} {
		r := s.call(test.status, test.method, test.path, "")
		equal(t, test.method+" "+test.path, r.parameters(t), []string{test.want})
		equal(t, test.method+" "+test.path, r.header.Get("Allow"), test.allow)
	}
}

func TestBodyTooLarge(t *testing.T) {
	s := start(t, sandbox.Options{})
	id := s.create(simple)
	big := `{"address":"https://x/` + strings.Repeat("x", 2<<20) + `"}`
	for _, call := range [][2]string{{"POST", "/webhooks"}, {"PATCH", "/webhooks/" + id}, {"POST", "/webhooks/" + id + "/secrets"}} {
		r := s.call(http.StatusRequestEntityTooLarge, call[0], call[1], big)
		equal(t, call[1], r.object(t)["type"], any("request_entity_too_large"))
	}
	s.callAs("", http.StatusRequestEntityTooLarge, "PUT", "/_sandbox/faults", big)
	almost := `{"types":["a.b"],"address":"https://x/`
	s.call(201, "POST", "/webhooks", almost+strings.Repeat("x", 1<<20-len(almost)-2)+`"}`)
}

func TestVersionHeader(t *testing.T) {
	s := start(t, sandbox.Options{})
	for version, want := range map[string]int{"2021-12-13": 200, "2021-13-13": 400, "newest": 400} {
		r, err := http.NewRequest("GET", s.url+"/webhooks", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "bearer "+testKey)
		r.Header.Set("digitalriver-version", version)
		answer, err := s.client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		equal(t, version, answer.StatusCode, want)
	}
}

func TestRateLimit(t *testing.T) {
	s := start(t, sandbox.Options{RateLimit: "2"})
	s.call(200, "GET", "/webhooks", "")
	s.call(200, "GET", "/webhooks", "")
	r := s.call(429, "GET", "/webhooks", "")
	equal(t, "Retry-After", r.header.Get("Retry-After"), "1")
	equal(t, "type", r.object(t)["type"], any("too_many_requests"))
	s.callAs(liveKey, 200, "GET", "/webhooks", "")
	s.callAs("wrong", 401, "GET", "/webhooks", "")
	equal(t, "log", s.logged(), []string{
		"GET /webhooks? 200 test ", "GET /webhooks? 200 test ", "GET /webhooks? 429 test ",
		"GET /webhooks? 200 live ", "GET /webhooks? 401  ",
	})
}
