package sandbox

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestLimiter moves through windows of one second.
func TestLimiter(t *testing.T) {
	testKey, liveKey, otherKey := key{mode: modeTest}, key{mode: modeLive}, key{mode: modeTest, readOnly: true}
	type step struct {
		at   time.Duration
		key  key
		wait time.Duration
	}
	repeat := func(n int, s step) []step { return slices.Repeat([]step{s}, n) }
	for _, test := range []struct {
		limit string
		steps []step
	}{
		{"2", []step{
			{at: 0, key: testKey}, {at: 900 * time.Millisecond, key: testKey},
			{at: 900 * time.Millisecond, key: testKey, wait: 100 * time.Millisecond},
			{at: 900 * time.Millisecond, key: otherKey}, {at: 900 * time.Millisecond, key: liveKey},
			{at: 999 * time.Millisecond, key: testKey, wait: time.Millisecond},
			{at: time.Second, key: testKey}, {at: 1100 * time.Millisecond, key: testKey},
			{at: 1500 * time.Millisecond, key: testKey, wait: 500 * time.Millisecond},
			// The next window begins with its first request.
			{at: 5500 * time.Millisecond, key: testKey}, {at: 6400 * time.Millisecond, key: testKey},
			{at: 6400 * time.Millisecond, key: testKey, wait: 100 * time.Millisecond},
		}},
		{"documented", append(repeat(25, step{key: testKey}), step{key: testKey, wait: time.Second})},
		{"", append(repeat(250, step{key: liveKey}), step{key: liveKey, wait: time.Second})},
		{"off", repeat(1000, step{key: testKey})},
	} {
		t.Run(test.limit, func(t *testing.T) {
			l, err := newLimiter(test.limit)
			if err != nil {
				t.Fatal(err)
			}
			begin := time.Now()
			for i, s := range test.steps {
				wait, ok := l.allow(s.key, begin.Add(s.at))
				if wait != s.wait || ok != (s.wait == 0) {
					t.Fatalf("step %d: wait %s, allowed %t", i, wait, ok)
				}
			}
		})
	}
}

func TestRetryAfterIsWholeSeconds(t *testing.T) {
	for wait, want := range map[time.Duration]string{time.Nanosecond: "1", time.Second: "1", 1001 * time.Millisecond: "2"} {
		if got := tooManyRequests(wait).header["Retry-After"]; got != want {
			t.Errorf("%s: %s", wait, got)
		}
	}
}

func TestRequestLogIsBounded(t *testing.T) {
	var l requestLog
	for i := range maxEntries + 2 {
		l.finish(l.begin(entry{Path: fmt.Sprint(i)}), 200)
	}
	unfinished := l.begin(entry{Path: "under way"})
	entries := l.list()
	if len(entries) != maxEntries-1 || entries[0].Path != "3" {
		t.Errorf("%d entries from %q", len(entries), entries[0].Path)
	}
	l.clear()
	l.finish(unfinished, 200)
	if left := l.list(); len(left) != 0 {
		t.Errorf("after clearing: %v", left)
	}
}

// TestTimesMoveOn changes a webhook and its secrets within one millisecond.
func TestTimesMoveOn(t *testing.T) {
	s, err := Open(Options{DataFile: filepath.Join(t.TempDir(), "data")})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	now := time.Date(2026, 1, 2, 3, 4, 5, 999_999, time.UTC)
	s.store.clock.real = func() time.Time { return now }
	do := func(method, path, body string) []byte {
		return s.do(call{key: keys["sk_test_sandbox"], method: method, path: path, body: []byte(body)}).body
	}
	var w webhook
	decodeInto(t, do("POST", "/webhooks", `{"types":["a.b"],"address":"https://x"}`), &w)
	for i := range 3 {
		decodeInto(t, do("PATCH", "/webhooks/"+w.ID, `{}`), &w)
		var made secret
		decodeInto(t, do("POST", "/webhooks/"+w.ID+"/secrets", `{"expiresIn":1}`), &made)
		want := now.Truncate(time.Millisecond).Add(time.Duration(i+1) * time.Millisecond)
		if !w.UpdatedTime.Equal(want) || !made.CreatedTime.Equal(want) {
			t.Errorf("updated %s, secret made %s; want %s", w.UpdatedTime, made.CreatedTime, want)
		}
	}
}

func decodeInto(t *testing.T, text []byte, v any) {
	t.Helper()
	if err := json.Unmarshal(text, v); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
}

// FuzzRequest feeds bodies to everything that reads one. What is accepted must
// be accepted again in the form of the answer, and what is refused must say why.
func FuzzRequest(f *testing.F) {
	f.Fuzz(func(t *testing.T, body []byte) {
		w := newWebhook()
		if err := w.merge(body); err != nil {
			explained(t, err)
		} else {
			again := newWebhook()
			if err := again.merge(requestOf(t, w)); err != nil {
				t.Fatalf("%s is not accepted again: %v", encode(w), err)
			}
			slices.Reverse(again.Types)
			if diff := cmp.Diff(string(encode(w)), string(encode(again))); diff != "" {
				t.Error(diff)
			}
		}
		if _, err := decodeRotation(body); err != nil {
			explained(t, err)
		}
		if e, err := decodeEvent(body); err != nil {
			explained(t, err)
		} else if !json.Valid(encode(e)) {
			t.Errorf("event %s", encode(e))
		}
		rules, err := decodeRules(body)
		if err != nil {
			explained(t, err)
		} else if _, err := decodeRules(encode(rules)); err != nil {
			t.Errorf("rules %s are not accepted again: %v", encode(rules), err)
		}
	})
}

// requestOf is the webhook without what only answers have.
func requestOf(t *testing.T, w webhook) []byte {
	t.Helper()
	var members map[string]any
	decodeInto(t, encode(w), &members)
	for _, name := range []string{"id", "liveMode", "createdTime", "updatedTime"} {
		delete(members, name)
	}
	return encode(members)
}

func explained(t *testing.T, err error) {
	t.Helper()
	var answer struct {
		Type   string
		Errors []struct{ Code, Message string }
	}
	decodeInto(t, errorAnswer(err).body, &answer)
	if answer.Type == "internal_server_error" || len(answer.Errors) == 0 {
		t.Errorf("error %v", err)
	}
	for _, one := range answer.Errors {
		if one.Code == "" || one.Message == "" {
			t.Errorf("error %v has an empty entry", err)
		}
	}
}
