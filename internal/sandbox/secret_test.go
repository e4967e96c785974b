// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package sandbox_test

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/sandbox"
)

type secret struct {
	ID, Secret  string
	CreatedTime time.Time
	ExpiresTime *time.Time
}

// secrets returns the active secrets of a webhook.
func (s *server) secrets(webhook string) []secret {
	s.t.Helper()
	r := s.call(200, "GET", "/webhooks/"+webhook+"/secrets", "")
	return decode[struct{ Data []secret }](s.t, r.body).Data
}

func (s *server) rotate(webhook string, hours int) secret {
	s.t.Helper()
	body := fmt.Sprintf(`{"expiresIn":%d}`, hours)
	return decode[secret](s.t, s.call(201, "POST", "/webhooks/"+webhook+"/secrets", body).body)
}

// named returns secrets by the names that a test gave to their ids.
func named(secrets []secret, names map[string]string) string {
	var list []string
	for _, one := range secrets {
		list = append(list, names[one.ID])
	}
	return strings.Join(list, " ")
}

func TestFirstSecret(t *testing.T) {
	s := start(t, sandbox.Options{})
	one, two := s.secrets(s.create(simpleWebhook)), s.secrets(s.create(simpleWebhook))
	if len(one) != 1 || one[0].ExpiresTime != nil || one[0].CreatedTime.IsZero() {
		t.Fatalf("secrets %+v", one)
	}
	form := regexp.MustCompile(`^whk_[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)
	if !form.MatchString(one[0].Secret) || one[0].Secret == two[0].Secret || one[0].ID == two[0].ID {
		t.Errorf("secrets %+v and %+v", one, two)
	}
}

// TestRotationOverlap rotates with each overlap and sees the old secret expire.
func TestRotationOverlap(t *testing.T) {
	for _, hours := range []int{0, 1, 3, 6, 12, 24} {
		t.Run(fmt.Sprint(hours), func(t *testing.T) {
			inBubble(t, func(t *testing.T, n *network) {
				s, _ := n.sandbox(sandbox.Options{})
				id := s.create(simpleWebhook)
				old := s.secrets(id)[0]
				pass(time.Second)
				rotated := time.Now()
				made := s.rotate(id, hours)
				names := map[string]string{old.ID: "old", made.ID: "new"}
				if made.ExpiresTime != nil || made.Secret == old.Secret || !made.CreatedTime.Equal(rotated) {
					t.Errorf("new secret %+v after %+v", made, old)
				}
				if hours == 0 {
					equal(t, "at once", named(s.secrets(id), names), "new")
					return
				}
				overlap := time.Duration(hours) * time.Hour
				both := s.secrets(id)
				equal(t, "during the overlap", named(both, names), "new old")
				equal(t, "overlap", both[1].ExpiresTime.Sub(rotated), overlap)
				s.advance((overlap - time.Millisecond).String())
				equal(t, "before the end", named(s.secrets(id), names), "new old")
				s.advance("1ms")
				equal(t, "at the end", named(s.secrets(id), names), "new")
			})
		})
	}
}

// TestRotationKeepsEarlierExpiry rotates several times: no secret expires later
// than an earlier rotation said.
func TestRotationKeepsEarlierExpiry(t *testing.T) {
	inBubble(t, func(t *testing.T, n *network) {
		s, _ := n.sandbox(sandbox.Options{})
		id := s.create(simpleWebhook)
		begin := time.Now()
		names := map[string]string{s.secrets(id)[0].ID: "a"}
		names[s.rotate(id, 1).ID] = "b"
		names[s.rotate(id, 24).ID] = "c"
		secrets := s.secrets(id)
		equal(t, "active", named(secrets, names), "c b a")
		equal(t, "a expires after", secrets[2].ExpiresTime.Sub(begin), time.Hour)
		names[s.rotate(id, 3).ID] = "d"
		secrets = s.secrets(id)
		equal(t, "active", named(secrets, names), "d c b a")
		equal(t, "c expires after", secrets[1].ExpiresTime.Sub(begin), 3*time.Hour)
		equal(t, "b expires after", secrets[2].ExpiresTime.Sub(begin), 3*time.Hour)
		equal(t, "a expires after", secrets[3].ExpiresTime.Sub(begin), time.Hour)
		names[s.rotate(id, 0).ID] = "e"
		equal(t, "without overlap", named(s.secrets(id), names), "e")
	})
}

func TestSecretLimit(t *testing.T) {
	inBubble(t, func(t *testing.T, n *network) {
		s, _ := n.sandbox(sandbox.Options{})
		id := s.create(simpleWebhook)
		s.rotate(id, 3)
		next := s.secrets(id)[1].ExpiresTime
		for range 3 {
			s.rotate(id, 24)
		}
		before := s.secrets(id)
		equal(t, "active", len(before), 5)
		r := s.call(http.StatusConflict, "POST", "/webhooks/"+id+"/secrets", `{"expiresIn":24}`)
		equal(t, "error", r.errors(t), []string{"secret_limit_exceeded"})
		equal(t, "type", r.object(t)["type"], any("conflict"))
		if !strings.Contains(r.body, next.Format(time.RFC3339)) {
			t.Errorf("%s does not name %s", r.body, next)
		}
		equal(t, "unchanged", s.secrets(id), before)
		s.advance("3h")
		s.rotate(id, 24)
		equal(t, "after one has expired", len(s.secrets(id)), 5)
		s.rotate(id, 0)
		equal(t, "after a rotation without overlap", len(s.secrets(id)), 1)
	})
}

func TestRotationRefuses(t *testing.T) {
	s := start(t, sandbox.Options{})
	id := s.create(simpleWebhook)
	before := s.secrets(id)
	for body, want := range map[string][]string{
		`{}`:                    {"missing_parameter expiresIn"},
		`{"expiresIn":2}`:       {"invalid_parameter expiresIn"},
		`{"expiresIn":-1}`:      {"invalid_parameter expiresIn"},
		`{"expiresIn":1.5}`:     {"invalid_parameter expiresIn"},
		`{"expiresIn":"1"}`:     {"invalid_parameter expiresIn"},
		`{"expiresIn":null}`:    {"invalid_parameter expiresIn"},
		`{"expiresIn":1,"x":1}`: {"unknown_parameter x"},
		`{"x":1}`:               {"unknown_parameter x", "missing_parameter expiresIn"},
		``:                      {"invalid_format"},
		`null`:                  {"invalid_format"},
	} {
		equal(t, body, s.call(400, "POST", "/webhooks/"+id+"/secrets", body).errors(t), want)
	}
	equal(t, "secrets", s.secrets(id), before)
}
