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

func (s *server) secrets(path string) []secret {
	s.t.Helper()
	return decode[struct{ Data []secret }](s.t, s.call(200, "GET", path, "").body).Data
}

func (s *server) rotate(path string, hours int) secret {
	s.t.Helper()
	return decode[secret](s.t, s.call(201, "POST", path, fmt.Sprintf(`{"expiresIn":%d}`, hours)).body)
}

func (s *server) advance(d string) {
	s.t.Helper()
	s.callAs("", 200, "POST", "/_sandbox/clock", `{"advance":"`+d+`"}`)
}

// names lists secrets by the names they have in a test.
func names(secrets []secret, known map[string]string) string {
	var list []string
	for _, one := range secrets {
		list = append(list, known[one.ID])
	}
	return strings.Join(list, " ")
}

func TestFirstSecret(t *testing.T) {
	s := start(t, sandbox.Options{})
	one := s.secrets("/webhooks/" + s.create(simple) + "/secrets")
	two := s.secrets("/webhooks/" + s.create(simple) + "/secrets")
	if len(one) != 1 || one[0].ExpiresTime != nil || one[0].CreatedTime.IsZero() {
		t.Fatalf("secrets %+v", one)
	}
	form := regexp.MustCompile(`^whk_[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)
	if !form.MatchString(one[0].Secret) || one[0].Secret == two[0].Secret || one[0].ID == two[0].ID {
		t.Errorf("secrets %+v and %+v", one, two)
	}
}

// TestOverlap rotates once with each overlap and watches the old secret end.
func TestOverlap(t *testing.T) {
	for _, hours := range []int{0, 1, 3, 6, 12, 24} {
		t.Run(fmt.Sprint(hours), func(t *testing.T) {
			s := start(t, sandbox.Options{})
			path := "/webhooks/" + s.create(simple) + "/secrets"
			old := s.secrets(path)[0]
			made := s.rotate(path, hours)
			known := map[string]string{old.ID: "old", made.ID: "new"}
			if made.ExpiresTime != nil || made.Secret == old.Secret || !made.CreatedTime.After(old.CreatedTime) {
				t.Errorf("new secret %+v after %+v", made, old)
			}
			if hours == 0 {
				equal(t, "at once", names(s.secrets(path), known), "new")
				return
			}
			both := s.secrets(path)
			equal(t, "overlap", names(both, known), "new old")
			left := both[1].ExpiresTime.Sub(made.CreatedTime)
			if want := time.Duration(hours) * time.Hour; left < want-time.Second || left > want+time.Second {
				t.Errorf("the old secret has %s", left)
			}
			s.advance((time.Duration(hours)*time.Hour - time.Minute).String())
			equal(t, "before its end", names(s.secrets(path), known), "new old")
			s.advance("1m")
			equal(t, "at its end", names(s.secrets(path), known), "new")
		})
	}
}

func TestSooner(t *testing.T) {
	s := start(t, sandbox.Options{})
	path := "/webhooks/" + s.create(simple) + "/secrets"
	known := map[string]string{s.secrets(path)[0].ID: "a"}
	known[s.rotate(path, 1).ID] = "b"
	first := *s.secrets(path)[1].ExpiresTime
	known[s.rotate(path, 24).ID] = "c"
	secrets := s.secrets(path)
	equal(t, "active", names(secrets, known), "c b a")
	equal(t, "the time of a", *secrets[2].ExpiresTime, first)
	known[s.rotate(path, 3).ID] = "d"
	secrets = s.secrets(path)
	if !secrets[2].ExpiresTime.Before(first.Add(3 * time.Hour)) {
		t.Errorf("b expires at %s", secrets[2].ExpiresTime)
	}
	known[s.rotate(path, 0).ID] = "e"
	equal(t, "blocked", names(s.secrets(path), known), "e")
}

func TestSecretLimit(t *testing.T) {
	s := start(t, sandbox.Options{})
	path := "/webhooks/" + s.create(simple) + "/secrets"
	s.rotate(path, 3)
	next := s.secrets(path)[1].ExpiresTime
	for range 3 {
		s.rotate(path, 24)
	}
	before := s.secrets(path)
	equal(t, "active", len(before), 5)
	r := s.call(http.StatusConflict, "POST", path, `{"expiresIn":24}`)
	equal(t, "error", r.parameters(t), []string{"secret_limit_exceeded"})
	equal(t, "type", r.object(t)["type"], any("conflict"))
	if !strings.Contains(r.body, next.Format(time.RFC3339)) {
		t.Errorf("%s does not name %s", r.body, next)
	}
	equal(t, "unchanged", s.secrets(path), before)
	s.advance("3h")
	s.rotate(path, 24)
	equal(t, "after one has expired", len(s.secrets(path)), 5)
	s.rotate(path, 0)
	equal(t, "after all are blocked", len(s.secrets(path)), 1)
}

func TestBadRotations(t *testing.T) {
	s := start(t, sandbox.Options{})
	path := "/webhooks/" + s.create(simple) + "/secrets"
	before := s.secrets(path)
	for body, want := range map[string][]string{
		`{}`:                    {"missing_parameter expiresIn"},
		`{"expiresIn":2}`:       {"invalid_parameter expiresIn"},
		`{"expiresIn":-1}`:      {"invalid_parameter expiresIn"},
		`{"expiresIn":1.5}`:     {"invalid_parameter expiresIn"},
		`{"expiresIn":"1"}`:     {"invalid_parameter expiresIn"},
		`{"expiresIn":null}`:    {"invalid_parameter expiresIn"},
		`{"expiresIn":1,"x":1}`: {"invalid_parameter x"},
		`{"x":1}`:               {"invalid_parameter x", "missing_parameter expiresIn"},
		``:                      {"invalid_body"},
		`null`:                  {"invalid_body"},
	} {
		equal(t, body, s.call(400, "POST", path, body).parameters(t), want)
	}
	equal(t, "secrets", s.secrets(path), before)
}
