// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package sandbox_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/sandbox"
	"github.com/digitalriver/terraform-provider-digitalriver/internal/sandbox/readings"
)

// Members for the body of a create that already has types and an address.
const createRest = `,"types":["a.b"],"address":"https://x"}`

// readingTests has a test for each reading. It gets a sandbox that serves it.
var readingTests = map[string]func(t *testing.T, s *server){
	readings.UserNameBoth: func(t *testing.T, s *server) {
		wantAuthentication(t, s, `{"username":"u","userName":"u","password":"p"}`,
			map[string]any{"username": "u", "userName": "u", "password": "p"})
	},
	readings.UserNameLowerCase: func(t *testing.T, s *server) {
		wantAuthentication(t, s, `{"username":"u","password":"p"}`, map[string]any{"username": "u", "password": "p"})
		wantRefused(t, s, `{"authentication":{"userName":"u","password":"p"}`+createRest,
			"unknown_parameter authentication.userName", "missing_parameter authentication.username")
	},
	readings.UserNameCamelCase: func(t *testing.T, s *server) {
		wantAuthentication(t, s, `{"userName":"u","password":"p"}`, map[string]any{"userName": "u", "password": "p"})
		wantRefused(t, s, `{"authentication":{"username":"u","password":"p"}`+createRest,
			"unknown_parameter authentication.username", "missing_parameter authentication.userName")
	},

	readings.UnknownMembersRefused: func(t *testing.T, s *server) {
		wantRefused(t, s, `{"x":1`+createRest, "unknown_parameter x")
	},
	readings.UnknownMembersDropped: func(t *testing.T, s *server) {
		id := s.create(`{"x":1,"authentication":{"user":"u","password":"p"}` + createRest)
		w := s.webhook(id)
		equal(t, "authentication", w["authentication"], any(map[string]any{"password": "p"}))
		equal(t, "x", w["x"], any(nil))
		s.call(201, "POST", "/webhooks/"+id+"/secrets", `{"x":1,"expiresIn":0}`)
		wantRefused(t, s, `{"x":1}`, "missing_parameter types", "missing_parameter address")
	},

	readings.ListAll: func(t *testing.T, s *server) {
		ids := createMany(s, 101)
		slices.Reverse(ids)
		equal(t, "list", s.ids("/webhooks?limit=1&startingAfter="+ids[1]), ids)
	},
	readings.ListNewest100: func(t *testing.T, s *server) {
		ids := createMany(s, 101)
		slices.Reverse(ids)
		equal(t, "list", s.ids("/webhooks?limit=1&startingAfter="+ids[1]), ids[:100])
	},
	readings.ListOldest100: func(t *testing.T, s *server) {
		ids := createMany(s, 101)
		equal(t, "list", s.ids("/webhooks?limit=1&startingAfter="+ids[1]), ids[:100])
	},
	readings.ListCursor: func(t *testing.T, s *server) {
		ids := createMany(s, 101)
		slices.Reverse(ids)
		equal(t, "list", s.ids("/webhooks"), ids[:100])
		equal(t, "rest", s.ids("/webhooks?startingAfter="+ids[99]), ids[100:])
		equal(t, "page", s.ids("/webhooks?limit=2&startingAfter="+ids[0]), ids[1:3])
	},
	readings.ListPage: func(t *testing.T, s *server) {
		createMany(s, 11)
		page := s.call(200, "GET", "/webhooks", "").object(t)
		equal(t, "webhooks", len(page["data"].([]any)), 10)
		equal(t, "hasMore", page["hasMore"], any(true))
	},

	readings.OAuthExtrasKnown: func(t *testing.T, s *server) {
		w := s.webhook(s.create(oauthWith(`"audience":"a","grantType":"client_credentials"`)))
		oauth := w["oauth"].(map[string]any)
		equal(t, "extras", []any{oauth["audience"], oauth["grantType"]}, []any{"a", "client_credentials"})
	},
	readings.OAuthExtrasUnknown: func(t *testing.T, s *server) {
		s.create(oauthWith(`"grantType":"password"`))
		wantRefused(t, s, oauthWith(`"audience":"a","grantType":"client_credentials"`),
			"unknown_parameter oauth.audience", "invalid_parameter oauth.grantType")
	},

	readings.LiveModePresent: func(t *testing.T, s *server) {
		equal(t, "liveMode", s.webhook(s.create(simpleWebhook))["liveMode"], any(false))
	},
	readings.LiveModeAbsent: func(t *testing.T, s *server) {
		if value, has := s.webhook(s.create(simpleWebhook))["liveMode"]; has {
			t.Errorf("liveMode %v", value)
		}
	},

	readings.CredentialsClear: func(t *testing.T, s *server) {
		wantCredentials(t, s, "p", "cs")
	},
	readings.CredentialsMasked: func(t *testing.T, s *server) {
		wantCredentials(t, s, "********", "********")
	},
	readings.CredentialsAbsent: func(t *testing.T, s *server) {
		wantCredentials(t, s, nil, nil)
	},

	readings.APIVersionAsSent: func(t *testing.T, s *server) {
		wantVersions(t, s, map[string]string{"latest": "latest", "default": "default", "2020-09-30": "2020-09-30"})
	},
	readings.APIVersionLatestDated: func(t *testing.T, s *server) {
		wantVersions(t, s, map[string]string{"latest": "2021-12-13", "default": "default", "2020-09-30": "2020-09-30"})
	},
	readings.APIVersionDefaultDated: func(t *testing.T, s *server) {
		wantVersions(t, s, map[string]string{"latest": "2021-12-13", "default": "2021-12-13", "2020-09-30": "2020-09-30"})
	},

	readings.AddressAsSent: func(t *testing.T, s *server) {
		wantAddresses(t, s, map[string]string{"https://Shop.Example:443": "https://Shop.Example:443"})
	},
	readings.AddressSlashAdded: func(t *testing.T, s *server) {
		wantAddresses(t, s, map[string]string{
			"https://Shop.Example:443": "https://shop.example/", "http://x:80/A/": "http://x/A/",
			"http://x:443?Q=1": "http://x:443/?Q=1", "https://x/a%2Fb": "https://x/a%2Fb",
		})
	},
	readings.AddressSlashDropped: func(t *testing.T, s *server) {
		wantAddresses(t, s, map[string]string{
			"https://Shop.Example:443/": "https://shop.example", "http://x:80/A/": "http://x/A",
			"https://x/a%2Fb/": "https://x/a%2Fb",
		})
	},

	readings.SecretsOffered:    func(t *testing.T, s *server) { wantSecrets(t, s, 200, 201) },
	readings.SecretsNotFound:   func(t *testing.T, s *server) { wantSecrets(t, s, 404, 404) },
	readings.SecretsNotAllowed: func(t *testing.T, s *server) { wantSecrets(t, s, 405, 405) },
	readings.SecretsForbidden:  func(t *testing.T, s *server) { wantSecrets(t, s, 403, 403) },

	readings.ErrorsDocumented: func(t *testing.T, s *server) {
		equal(t, "error", s.call(404, "GET", "/webhooks/x", "").errors(t), []string{"not_found id"})
	},
	readings.ErrorsEmpty: func(t *testing.T, s *server) {
		equal(t, "body", s.call(404, "GET", "/webhooks/x", "").body, "")
		s.create(simpleWebhook)
	},
	readings.ErrorsHTML: func(t *testing.T, s *server) {
		r := s.call(404, "GET", "/webhooks/x", "")
		if !strings.Contains(r.body, "<h1>404 Not Found</h1>") || r.header.Get("x-dr-requestid") == "" {
			t.Errorf("%v %s", r.header, r.body)
		}
		s.create(simpleWebhook)
	},
}

// deliveryTests is the same for the readings of deliveries, on a network in
// memory. Each gets an endpoint that fails, and returns what it wants.
var deliveryTests = map[string]struct {
	signatures []int // The positions of the signing secrets, 0 for the newest.
	attempts   int
}{
	readings.SignaturesNewestFirst: {[]int{0, 1}, 4},
	readings.SignaturesOldestFirst: {[]int{1, 0}, 4},
	readings.SignaturesNewestOnly:  {[]int{0}, 4},
	readings.TestRetriesThree:      {[]int{0, 1}, 4},
	readings.TestRetriesFour:       {[]int{0, 1}, 5},
}

func TestReadings(t *testing.T) {
	for _, r := range readings.All() {
		t.Run(r.Name, func(t *testing.T) {
			o := sandbox.Options{Readings: []string{r.Name}}
			test, ofAPI := readingTests[r.Name]
			want, ofDeliveries := deliveryTests[r.Name]
			switch {
			case ofAPI:
				test(t, start(t, o))
				if r.Default {
					test(t, start(t, sandbox.Options{}))
				}
			case ofDeliveries:
				inBubble(t, func(t *testing.T, n *network) {
					s, _ := n.sandbox(o)
					e := n.endpoint(respondWith(http.StatusInternalServerError).ServeHTTP)
					id := s.subscribe(e.url, "")
					s.call(201, "POST", "/webhooks/"+id+"/secrets", `{"expiresIn":24}`)
					secrets := decode[struct{ Data []struct{ Secret string } }](t,
						s.call(200, "GET", "/webhooks/"+id+"/secrets", "").body).Data
					s.trigger(acceptedEvent)
					d := e.last(t)
					timestamp, signatures, _ := strings.Cut(d.header.Get("DigitalRiver-Signature"), ", ")
					var wanted []string
					for _, i := range want.signatures {
						wanted = append(wanted, signed(secrets[i].Secret, timestamp, d.body))
					}
					equal(t, "signatures", strings.Split(signatures, ", "), wanted)
					pass(24 * time.Hour)
					equal(t, "attempts", len(e.requests()), want.attempts)
				})
			default:
				t.Error("this reading has no test")
			}
		})
	}
}

func wantRefused(t *testing.T, s *server, body string, want ...string) {
	t.Helper()
	equal(t, body, s.call(400, "POST", "/webhooks", body).errors(t), want)
}

func wantAuthentication(t *testing.T, s *server, sent string, want map[string]any) {
	t.Helper()
	equal(t, sent, s.webhook(s.create(`{"authentication":` + sent + createRest))["authentication"], any(want))
}

// createMany creates webhooks and returns their ids, oldest first.
func createMany(s *server, n int) []string {
	ids := make([]string, n)
	for i := range ids {
		ids[i] = s.create(simpleWebhook)
	}
	return ids
}

// oauthWith returns a create with further members of oauth.
func oauthWith(members string) string {
	return `{"transportType":"OAUTH",` + strings.TrimSuffix(oauthMember, "}") + "," + members + "}" + createRest
}

func wantCredentials(t *testing.T, s *server, password, clientSecret any) {
	t.Helper()
	w := s.webhook(s.create(authenticationWebhook))
	equal(t, "authentication", w["authentication"].(map[string]any)["password"], password)
	oauth := s.webhook(s.create(oauthWith(`"userName":"u","password":"p"`)))["oauth"].(map[string]any)
	equal(t, "oauth", []any{oauth["clientSecret"], oauth["password"], oauth["userName"]},
		[]any{clientSecret, password, "u"})
}

func wantVersions(t *testing.T, s *server, want map[string]string) {
	t.Helper()
	for sent, shown := range want {
		equal(t, sent, s.webhook(s.create(`{"apiVersion":"` + sent + `"` + createRest))["apiVersion"], any(shown))
	}
}

func wantAddresses(t *testing.T, s *server, want map[string]string) {
	t.Helper()
	for sent, shown := range want {
		equal(t, sent, s.webhook(s.create(fmt.Sprintf(`{"types":["a.b"],"address":%q}`, sent)))["address"], any(shown))
	}
}

func wantSecrets(t *testing.T, s *server, list, rotation int) {
	t.Helper()
	path := "/webhooks/" + s.create(simpleWebhook)
	s.call(list, "GET", path+"/secrets", "")
	s.call(rotation, "POST", path+"/secrets", `{"expiresIn":1}`)
	s.call(200, "GET", path, "")
}

// TestListReadings shows that the control endpoint has every reading, and that
// one of each axis is active.
func TestListReadings(t *testing.T) {
	s := start(t, sandbox.Options{ListForm: "page", Readings: []string{readings.ErrorsHTML}})
	list := decode[[]struct {
		Name, Axis, Description, Source string
		Active                          bool
	}](t, s.control(200, "GET", "/readings", "").body)
	equal(t, "length", len(list), len(readings.All()))
	active := map[string]string{}
	for i, r := range readings.All() {
		if list[i].Description == "" || list[i].Source == "" || list[i].Name != r.Name || list[i].Axis != r.Axis() {
			t.Errorf("%+v", list[i])
		}
		if list[i].Active {
			if other := active[r.Axis()]; other != "" {
				t.Errorf("%s and %s are both active", other, r.Name)
			}
			active[r.Axis()] = r.Name
		}
	}
	equal(t, "axes", len(active), 12)
	equal(t, "active", []string{active["list"], active["errors"], active["user-name"]},
		[]string{readings.ListPage, readings.ErrorsHTML, readings.UserNameBoth})
}

// TestReadingOfErrorsKeepsHeaders shows that a client may still learn how long to
// wait.
func TestReadingOfErrorsKeepsHeaders(t *testing.T) {
	s := start(t, sandbox.Options{Readings: []string{readings.ErrorsHTML}})
	s.setFaults(`[{"kind":"status","status":429,"retryAfter":7}]`)
	r, err := s.send(context.Background(), testKey, "GET", "/webhooks", "")
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "Retry-After", r.header.Get("Retry-After"), "7")
}
