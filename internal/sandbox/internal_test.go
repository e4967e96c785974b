// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package sandbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"go.etcd.io/bbolt"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/delivery"
	"github.com/digitalriver/terraform-provider-digitalriver/internal/sandbox/readings"
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

// TestTranscriptsAreBounded logs one attempt too many for the transcripts.
func TestTranscriptsAreBounded(t *testing.T) {
	s := openForTest(t).store
	err := s.db.Update(func(tx *bbolt.Tx) error {
		for range maxTranscripts + 1 {
			if err := logDelivery(tx, &attemptResult{}, &transcript{}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for id, want := range map[string]bool{"1": false, "2": true, fmt.Sprint(maxTranscripts + 1): true} {
		if d, err := s.getDelivery(id); err != nil || (d.transcript != nil) != want {
			t.Errorf("delivery %s: %+v, %v", id, d, err)
		}
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
		// The first address cannot be reached, so there are retries. The second one
		// is not sent to.
		for _, address := range []string{"http://127.0.0.1:1", "https://shop.example.com"} {
			subscribeForTest(t, s.store, address)
		}
		if _, err := s.triggerEvent(call{body: []byte(`{"type":"order.accepted"}`)}); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if got := storedDeliveries(t, s.store); got != [2]int{1, 1} {
			t.Errorf("%d events and attempts after the first attempts", got)
		}
		time.Sleep(3 * time.Hour)
		synctest.Wait()
		if got := storedDeliveries(t, s.store); got != [2]int{1, 0} {
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
			if got := storedDeliveries(t, s.store); got != [2]int{test.want, 0} {
				t.Errorf("%d events and attempts; want %d events", got, test.want)
			}
		}
	})
}

// TestOldEventsWithAttemptsAreKept has an event that is older than 30 days before
// its first attempt is made.
func TestOldEventsWithAttemptsAreKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := openForTest(t)
		s.courier.stop()
		subscribeForTest(t, s.store, "http://127.0.0.1:1")
		trigger := func(eventType string) {
			t.Helper()
			if _, err := s.triggerEvent(call{body: []byte(`{"type":"` + eventType + `"}`)}); err != nil {
				t.Fatal(err)
			}
		}
		trigger("order.accepted")
		time.Sleep(2 * eventRetention)
		trigger("order.blocked")
		if got := storedDeliveries(t, s.store); got != [2]int{2, 1} {
			t.Errorf("%d events and attempts before the first attempt", got)
		}
		s.courier.start()
		synctest.Wait()
		trigger("order.blocked")
		if got := storedDeliveries(t, s.store); got != [2]int{2, 0} {
			t.Errorf("%d events and attempts after the last attempt", got)
		}
	})
}

// TestEventDuringReset has an event that comes after a reset has deleted
// everything, and before deliveries continue.
func TestEventDuringReset(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := openForTest(t)
		s.courier.stop()
		if err := s.store.reset(); err != nil {
			t.Fatal(err)
		}
		subscribeForTest(t, s.store, "http://127.0.0.1:1")
		attempts, err := s.store.addEvent(&delivery.Event{ID: "1", Type: "order.accepted", Data: delivery.Data{
			Object: json.RawMessage("{}"),
		}})
		if err != nil {
			t.Fatal(err)
		}
		s.courier.start()
		s.courier.schedule(attempts...)
		synctest.Wait()
		made := 0
		if err := s.store.eachDelivery(func(attemptResult) bool { made++; return true }); err != nil {
			t.Fatal(err)
		}
		if made != 1 {
			t.Errorf("the event was delivered %d times", made)
		}
	})
}

// TestResetAfterClose shows that deliveries do not begin again: the goroutines of
// a bubble must end.
func TestResetAfterClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, err := Open(Options{DataFile: filepath.Join(t.TempDir(), "data")})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := s.reset(call{}); err == nil {
			t.Error("no error")
		}
	})
}

// TestDialsLoopbackOnly has an address that looks like one of this machine and
// leads to another one.
func TestDialsLoopbackOnly(t *testing.T) {
	set, err := readings.Choose()
	if err != nil {
		t.Fatal(err)
	}
	s := newSender(&clock{real: time.Now}, reading{set}, Options{})
	s.anywhere = true // The text of an address is not looked at.
	for _, address := range []string{"http://192.0.2.1", "http://[2001:db8::1]", "http://[::ffff:192.0.2.1]"} {
		r := &record{Webhook: webhook{Enabled: true, Address: address}, Secrets: []secret{{}}}
		if got := s.send(t.Context(), r, nil, time.Now(), ""); got.outcome != outcomeNotSent || got.transcript != nil {
			t.Errorf("%s: %+v", address, got)
		}
		r.Webhook.Address = "http://127.0.0.1"
		r.Webhook.OAuth = &oauth{TokenEndPoint: address}
		if got := s.send(t.Context(), r, nil, time.Now(), ""); got.outcome != outcomeNotSent {
			t.Errorf("token endpoint %s: %+v", address, got)
		}
	}
}

// TestNestedData shows that the work for the data of an event grows with its
// size, however deep it is nested.
func TestNestedData(t *testing.T) {
	event := func(depth int) []byte {
		return []byte(`{"type":"order.accepted","data":` + strings.Repeat(`{"a":`, depth-1) +
			`["` + strings.Repeat("x", 100_000) + `"]` + strings.Repeat("}", depth-1) + "}")
	}
	allocated := func(body []byte) uint64 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		e, err := decodeEvent(body)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := e.Encode(); err != nil {
			t.Fatal(err)
		}
		runtime.ReadMemStats(&after)
		return after.TotalAlloc - before.TotalAlloc
	}
	allocated(event(2)) // Reads the samples.
	if flat, deep := allocated(event(2)), allocated(event(maxDataDepth)); deep > 10*flat {
		t.Errorf("%d bytes for flat data, %d for nested data of about that size", flat, deep)
	}
	_, err := decodeEvent(event(maxDataDepth + 1))
	if err == nil || !strings.Contains(err.Error(), "not be nested more than 1000 levels deep") {
		t.Errorf("deeper: %v", err)
	}
}

func TestMergePatch(t *testing.T) {
	for _, test := range [][3]string{
		{`{"a":1,"b":{"c":1.10,"d":2}}`, `{"b":{"d":null,"e":{"f":null,"g":[null]}},"h":12345678901234567890}`,
			`{"a":1,"b":{"c":1.10,"e":{"g":[null]}},"h":12345678901234567890}`},
		{`{"a":[{"b":1}]}`, `{"a":{"c":"<"}}`, `{"a":{"c":"<"}}`},
		{`{"a":null}`, `{"a":{"b":1}}`, `{"a":{"b":1}}`},
		{`{"a":{"b":1}}`, `{"a":2}`, `{"a":2}`},
	} {
		var p problems
		got := encode(mergePatch([]byte(test[0]), decodeData(&p, "data", []byte(test[1]))))
		if string(got) != test[2] || p.err() != nil {
			t.Errorf("%s with %s: %s, want %s", test[0], test[1], got, test[2])
		}
	}
}

// storedDeliveries returns how many events and attempts the data file has. Memory
// must have as many.
func storedDeliveries(t *testing.T, s *store) (n [2]int) {
	t.Helper()
	err := s.db.View(func(tx *bbolt.Tx) error {
		n = [2]int{tx.Bucket([]byte("events")).Stats().KeyN, tx.Bucket([]byte("attempts")).Stats().KeyN}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	if inMemory := [2]int{len(s.events.sorted), len(s.attempts.sorted)}; inMemory != n {
		t.Errorf("%d events and attempts in memory, %d in the file", inMemory, n)
	}
	return n
}

// subscribeForTest creates a webhook for order.accepted.
func subscribeForTest(t *testing.T, s *store, address string) {
	t.Helper()
	w := webhook{ID: address, Address: address, Enabled: true, Types: []string{"order.accepted"}}
	_, err := s.createWebhook(func() *record {
		return &record{Webhook: w, Secrets: []secret{newSecret(timestamp{time.Now()})}}
	})
	if err != nil {
		t.Fatal(err)
	}
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
