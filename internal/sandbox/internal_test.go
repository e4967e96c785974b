package sandbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"go.etcd.io/bbolt"
)

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

// TestUpdatedTimeMovesOn changes a webhook and its secrets several times within
// one millisecond.
func TestUpdatedTimeMovesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := openForTest(t)
		do := func(method, path, body string) []byte {
			return s.do(call{key: keys["sk_test_sandbox"], method: method, path: path, body: []byte(body)}).body
		}
		time.Sleep(999_999 * time.Nanosecond)
		begin := time.Now().Truncate(time.Millisecond)
		var w webhook
		decodeInto(t, do("POST", "/webhooks", `{"types":["a.b"],"address":"https://x"}`), &w)
		for i := range 3 {
			decodeInto(t, do("PATCH", "/webhooks/"+w.ID, `{}`), &w)
			var made secret
			decodeInto(t, do("POST", "/webhooks/"+w.ID+"/secrets", `{"expiresIn":1}`), &made)
			want := begin.Add(time.Duration(i+1) * time.Millisecond)
			if !w.UpdatedTime.Equal(want) || !made.CreatedTime.Equal(want) {
				t.Errorf("updated %s, secret created %s; want %s", w.UpdatedTime, made.CreatedTime, want)
			}
		}
	})
}

// TestFailedChangeLeavesMemory shows that memory never has what the data file has
// not.
func TestFailedChangeLeavesMemory(t *testing.T) {
	s := openForTest(t).store
	kept, err := s.createWebhook(func() *record { return &record{Webhook: webhook{ID: "kept"}} })
	if err != nil {
		t.Fatal(err)
	}
	failure := errors.New("no space left on device")
	err = s.db.Update(func(tx *bbolt.Tx) error {
		return errors.Join(
			s.webhooks.put(tx, &record{Webhook: webhook{ID: "lost"}, fileKey: "lost"}),
			s.webhooks.put(tx, &record{Webhook: webhook{ID: "kept", Enabled: true}, fileKey: kept.fileKey}),
			s.webhooks.delete(tx, kept),
			failure,
		)
	})
	if !errors.Is(err, failure) {
		t.Fatal(err)
	}
	if list := s.listWebhooks(false); len(list) != 1 || list[0] != kept {
		t.Errorf("webhooks %+v", list)
	}
	if _, err := s.getWebhook(false, "lost"); err == nil {
		t.Error("the lost webhook was found")
	}
}

// TestOldEventsAreDeleted shows that attempts leave the data file once they have
// been made, and events when another one comes after 30 days.
func TestOldEventsAreDeleted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := openForTest(t)
		stored := func() (n [2]int) {
			err := s.store.db.View(func(tx *bbolt.Tx) error {
				n = [2]int{tx.Bucket([]byte("events")).Stats().KeyN, tx.Bucket([]byte("attempts")).Stats().KeyN}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			s.store.mu.RLock()
			defer s.store.mu.RUnlock()
			if inMemory := [2]int{len(s.store.events.sorted), len(s.store.attempts.sorted)}; inMemory != n {
				t.Errorf("%d events and attempts in memory, %d in the file", inMemory, n)
			}
			return n
		}
		// The first address cannot be reached, so there are retries. The second one
		// is not sent to.
		for _, address := range []string{"http://127.0.0.1:1", "https://shop.example.com"} {
			w := webhook{ID: address, Address: address, Enabled: true, Types: []string{"order.accepted"}}
			_, err := s.store.createWebhook(func() *record {
				return &record{Webhook: w, Secrets: []secret{newSecret(timestamp{time.Now()})}}
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		if _, err := s.triggerEvent(call{body: []byte(`{"type":"order.accepted"}`)}); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if got := stored(); got != [2]int{1, 1} {
			t.Errorf("%d events and attempts after the first attempts", got)
		}
		time.Sleep(3 * time.Hour)
		synctest.Wait()
		if got := stored(); got != [2]int{1, 0} {
			t.Errorf("%d events and attempts after the last one", got)
		}
		for _, test := range []struct {
			wait time.Duration
			want int
		}{{eventRetention - 3*time.Hour, 2}, {time.Millisecond, 2}, {eventRetention + time.Millisecond, 1}} {
			time.Sleep(test.wait)
			if _, err := s.triggerEvent(call{body: []byte(`{"type":"order.blocked"}`)}); err != nil {
				t.Fatal(err)
			}
			if got := stored(); got != [2]int{test.want, 0} {
				t.Errorf("%d events and attempts; want %d events", got, test.want)
			}
		}
	})
}

// openForTest opens a sandbox that can reach no endpoint.
func openForTest(t *testing.T) *Sandbox {
	t.Helper()
	s, err := Open(Options{
		DataFile: filepath.Join(t.TempDir(), "data"),
		dial: func(context.Context, string, string) (net.Conn, error) {
			return nil, syscall.ECONNREFUSED
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func decodeInto(t *testing.T, text []byte, v any) {
	t.Helper()
	if err := json.Unmarshal(text, v); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
}
