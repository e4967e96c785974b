// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package digitalriver

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestRotate(t *testing.T) {
	faults := map[string]fault{
		"no fault": noFault, "reset before": resetBefore, "reset after": resetAfter, "half a body": halveBody,
		"over the rate limit": failWith(429),
	}
	for name, fault := range faults {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				api := &fakeAPI{}
				api.addWebhooks(1)
				sleep(t, 10*time.Hour)
				api.failNext("POST", fault)
				rotation, err := api.newClient(t).RotateSecret(t.Context(), "w1", 3)
				if err != nil {
					t.Fatal(err)
				}
				secrets := api.secrets["w1"]
				if len(secrets) != 2 || rotation.Secret.ID != secrets[0]["id"] || rotation.Secret.Secret != "whk_2" {
					t.Errorf("got %+v of %v", rotation, secrets)
				}
				if diff := cmp.Diff(secrets[1]["expiresTime"], *rotation.PreviousExpiresAt); diff != "" {
					t.Error(diff)
				}
			})
		})
	}
}

func TestRotationPreviousExpiry(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 0, 0, 0, time.UTC)
	after := func(hours int) *time.Time {
		expires := at.Add(time.Duration(hours) * time.Hour)
		return &expires
	}
	tests := map[string]struct {
		before []Secret
		hours  int
		want   *time.Time
	}{
		"no secret before": {nil, 3, nil},
		"does not expire":  {[]Secret{{ID: "a"}}, 3, after(3)},
		"at once":          {[]Secret{{ID: "a"}}, 0, after(0)},
		"expires sooner":   {[]Secret{{ID: "a", ExpiresTime: after(1)}}, 3, after(1)},
		"expires later": {
			[]Secret{{ID: "a", ExpiresTime: after(9)}, {ID: "b", ExpiresTime: after(1)}}, 3, after(3)},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got := newRotation(Secret{CreatedTime: at}, test.before, time.Duration(test.hours)*time.Hour)
			if diff := cmp.Diff(test.want, got.PreviousExpiresAt); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestSecretLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := &fakeAPI{}
		api.addWebhooks(1)
		client := api.newClient(t)
		for i := range MaxActiveSecrets - 1 {
			if _, err := client.RotateSecret(t.Context(), "w1", []int{24, 6, 12, 24}[i]); err != nil {
				t.Fatal(err)
			}
		}
		_, err := client.RotateSecret(t.Context(), "w1", 3)
		var limit *SecretLimitError
		if !errors.As(err, &limit) {
			t.Fatalf("got %v", err)
		}
		if limit.Active != 5 || !limit.NextExpiry.Equal(bubbleStart.Add(6*time.Hour)) || asError(t, err).Status != 409 {
			t.Errorf("got %+v", limit)
		}
		if !strings.Contains(err.Error(), "2000-01-01T06:00:00Z") {
			t.Errorf("%v does not say when the next secret expires", err)
		}
		api.failNext("POST", failWith(409))
		if _, err := client.RotateSecret(t.Context(), "w1", 3); errors.As(err, &limit) {
			t.Errorf("another conflict counts as the limit: %v", err)
		}
	})
}

func TestSecretsAreNewestFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := &fakeAPI{}
		api.failNext("GET", respondWith(200, `{"data": [
			{"id": "1", "secret": "whk_1", "createdTime": "2026-01-01T00:00:00Z"},
			{"id": "3", "secret": "whk_3", "createdTime": "2026-01-03T00:00:00Z"},
			{"id": "2", "secret": "whk_2", "createdTime": "2026-01-02T00:00:00Z"}]}`))
		secrets, err := api.newClient(t).ListSecrets(t.Context(), "w1")
		if err != nil || len(secrets) != 3 || secrets[0].ID != "3" || secrets[1].ID != "2" || secrets[2].ID != "1" {
			t.Errorf("%v, %v", secrets, err)
		}
	})
}

// A rotation that is carried out late, after it was repeated, is reported.
func TestLateRotation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := &fakeAPI{}
		api.addWebhooks(1)
		api.failNext("POST",
			afterwards(func() { api.after(8*time.Second, func() { api.addSecret("w1", time.Hour) }) }, failWith(504)),
			func(_ *http.Request, carryOut func() *http.Response) (*http.Response, error) {
				response := carryOut()
				sleep(t, 5*time.Second)
				return response, nil
			})
		rotation, err := api.newClient(t).RotateSecret(t.Context(), "w1", 3)
		var uncertain *UncertainError
		if !errors.As(err, &uncertain) || !slices.Equal(uncertain.IDs, []string{"s2", "s3"}) || rotation.Secret.ID != "s2" {
			t.Fatalf("got %v, %v", rotation, err)
		}
		if !strings.Contains(err.Error(), "each signing secret is new: s2, s3") {
			t.Errorf("got %v", err)
		}
	})
}

// Both attempts of a rotation may be carried out, and both responses lost.
func TestLostRotationWithSeveralMatches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := &fakeAPI{}
		api.addWebhooks(1)
		api.failNext("POST", func(_ *http.Request, carryOut func() *http.Response) (*http.Response, error) {
			carryOut()
			api.addSecret("w1", time.Hour)
			return nil, errors.New("lost")
		})
		_, err := api.newClient(t).RotateSecret(t.Context(), "w1", 3)
		var uncertain *UncertainError
		if !errors.As(err, &uncertain) || !slices.Equal(uncertain.IDs, []string{"s3", "s2"}) {
			t.Errorf("got %v", err)
		}
	})
}

// Rotations of one webhook run one after another: each finds its own secret.
func TestConcurrentRotations(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := &fakeAPI{latency: 20 * time.Millisecond}
		api.addWebhooks(1)
		client := api.newClient(t)
		api.failNext("POST", resetAfter, resetBefore, halveBody)
		added := make([]string, 4)
		runConcurrently(len(added), func(i int) {
			rotation, err := client.RotateSecret(t.Context(), "w1", 24)
			if err != nil {
				t.Error(err)
				return
			}
			added[i] = rotation.Secret.ID
		})
		slices.Sort(added)
		if diff := cmp.Diff([]string{"s2", "s3", "s4", "s5"}, added); diff != "" || len(api.secrets["w1"]) != 5 {
			t.Error(diff)
		}
	})
}

func TestDecodeSecrets(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	got, err := decodeSecrets([]byte(`{"data": [
		{"id": "2", "secret": "whk_2", "createdTime": "2026-01-02T03:04:05.000Z", "expiresTime": null, "new": 1},
		{"id": "1", "secret": "whk_1", "createdTime": "2026-01-02T03:04:05Z", "expiresTime": "2026-01-02T03:04:05Z"}]}`))
	want := []Secret{
		{ID: "2", Secret: "whk_2", CreatedTime: at},
		{ID: "1", Secret: "whk_1", CreatedTime: at, ExpiresTime: &at},
	}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v %s", err, diff)
	}
	for _, body := range []string{
		`null`, `[]`, `{}`, `{"data": [{}]}`, `{"data": [{"id": 1}]}`,
	} {
		if got, err := decodeSecrets([]byte(body)); err == nil {
			t.Errorf("%s was read as %v", body, got)
		}
	}
}

// An API may mask the secrets, or not show them.
func TestHiddenSecretsAreRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, member := range []string{``, `, "secret": null`, `, "secret": "********"`, `, "secret": "whk_****d2e"`} {
			api := &fakeAPI{}
			secret := `{"id": "s2"` + member + `, "createdTime": "2000-01-01T00:00:00Z"}`
			api.failNext("GET", respondWith(200, `{"data": [`+secret+`]}`), respondWith(200, `{"data": []}`))
			api.failNext("POST", respondWith(201, secret))
			client := api.newClient(t)
			secrets, err := client.ListSecrets(t.Context(), "w1")
			if err != nil || len(secrets) != 1 || secrets[0].ID != "s2" || secrets[0].Secret != "" {
				t.Errorf("%s: listed %+v, %v", member, secrets, err)
			}
			rotation, err := client.RotateSecret(t.Context(), "w1", 3)
			if err != nil || rotation.Secret.ID != "s2" || rotation.Secret.Secret != "" {
				t.Errorf("%s: rotated %+v, %v", member, rotation, err)
			}
		}
	})
}

// A refusal of /secrets says nothing about the webhook: the API may not offer the
// operation to the key.
func TestSecretsUnavailable(t *testing.T) {
	refusals := map[string]struct {
		status int
		fault  fault
	}{
		"404":             {404, failWith(404)},
		"404 of a router": {404, respondWith(404, `{"message": "no Route matched with those values"}`)},
		"405":             {405, failWith(405)},
		"403":             {403, failWith(403)},
		"403 as HTML":     {403, htmlPage(403)},
	}
	for name, refusal := range refusals {
		for operation, method := range map[string]string{"list secrets": "GET", "rotate": "GET", "rotate only": "POST"} {
			t.Run(operation+"/"+name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					api := &fakeAPI{}
					api.addWebhooks(1)
					client := api.newClient(t, func(c *Config) { c.MaxRetries = 0 })
					refuse := func() error {
						api.failNext(method, refusal.fault)
						return run(t.Context(), client, strings.TrimSuffix(operation, " only"))
					}
					err := refuse()
					var unavailable *SecretsUnavailableError
					if !errors.As(err, &unavailable) || unavailable.WebhookID != "w1" || unavailable.Status != refusal.status {
						t.Fatalf("got %v", err)
					}
					if IsNotFound(err) || !strings.Contains(err.Error(), "does not offer") {
						t.Errorf("got %v", err)
					}
					lines := api.takeRequestLines()
					if last := lines[len(lines)-1]; last != "GET /webhooks/w1" {
						t.Errorf("the webhook was not asked for: %v", lines)
					}
					mustRun(t, client, "delete")
					if err := refuse(); errors.As(err, &unavailable) || !IsNotFound(err) && method == "GET" {
						t.Errorf("after the webhook is gone: %v", err)
					}
				})
			})
		}
	}
}

func FuzzDecodeSecrets(f *testing.F) {
	for _, seed := range []string{
		`{"data":[{"id":"1","secret":"whk_1","createdTime":"2026-01-02T03:04:05Z"}]}`, `{"id":"1","secret":"whk_1"}`,
		`{"data":[{}]}`, `{"data":[null]}`, `{"data":null}`, `null`, ``,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		secrets, _ := decodeSecrets(body)
		if secret, err := decodeSecret(body); err == nil {
			secrets = append(secrets, *secret)
		}
		for _, secret := range secrets {
			if secret.ID == "" {
				t.Errorf("read as %+v", secret)
			}
		}
	})
}
