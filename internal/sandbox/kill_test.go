// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package sandbox_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
)

// TestKill kills a sandbox under load, several times on one data file. Every
// change that was responded to is there, and nothing else.
func TestKill(t *testing.T) {
	const rounds, writers, writesAtLeast = 3, 4, 20
	file := filepath.Join(t.TempDir(), "data")
	known := map[string]string{}
	for round := range rounds {
		s, kill := startProcess(t, file)
		equal(t, fmt.Sprintf("round %d", round), s.differences(known), []string(nil))
		written := make(chan map[string]string)
		var busy sync.WaitGroup
		busy.Add(writers)
		for range writers {
			go func() { written <- s.writeUntilKilled(writesAtLeast, busy.Done) }()
		}
		busy.Wait()
		kill()
		for range writers {
			for id, webhook := range <-written {
				known[id] = webhook
			}
		}
	}
	s, kill := startProcess(t, file)
	defer kill()
	equal(t, "at last", s.differences(known), []string(nil))
	if len(known) < rounds*writers*writesAtLeast {
		t.Errorf("only %d webhooks were written", len(known))
	}
}

// writeUntilKilled creates, changes and deletes webhooks. It returns the last
// response about each of them, which is "" for a deleted one, and leaves out the
// one whose last request got no response. It calls busy after some creates.
func (s *server) writeUntilKilled(creates int, busy func()) map[string]string {
	known := map[string]string{}
	for i := 0; ; i++ {
		if i == creates {
			busy()
		}
		r, err := s.send(context.Background(), testKey, "POST", "/webhooks", simpleWebhook)
		if err != nil {
			return known
		}
		id := r.object(s.t)["id"].(string)
		known[id] = r.body
		for _, change := range [][2]string{{"PATCH", `{"enabled":false}`}, {"DELETE", ""}}[:i%3] {
			r, err := s.send(context.Background(), testKey, change[0], "/webhooks/"+id, change[1])
			if err != nil {
				delete(known, id)
				return known
			}
			known[id] = r.body
		}
	}
}

// differences lists the webhooks that are not as known.
func (s *server) differences(known map[string]string) []string {
	s.t.Helper()
	var list []string
	for id, want := range known {
		r, err := s.send(context.Background(), testKey, "GET", "/webhooks/"+id, "")
		if err != nil {
			s.t.Fatal(err)
		}
		if want == "" && r.status == http.StatusNotFound || r.body == want {
			continue
		}
		list = append(list, id+": "+r.body+"; want "+want)
	}
	slices.Sort(list)
	return list
}

// TestKillLosesNoEvent kills a sandbox right after it accepted events. The next
// one delivers them all.
func TestKillLosesNoEvent(t *testing.T) {
	file := filepath.Join(t.TempDir(), "data")
	const events = 20
	var killed atomic.Bool
	got := make(chan string, 10*events)
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if !killed.Load() {
			got <- "before the kill"
			<-r.Context().Done()
			return
		}
		got <- decode[struct{ ID string }](t, string(body)).ID
	}))
	defer receiver.Close()
	defer receiver.CloseClientConnections()

	s, kill := startProcess(t, file)
	s.subscribe(receiver.URL, "")
	missing := map[string]bool{}
	for range events {
		missing[s.trigger(acceptedEvent)["id"].(string)] = true
	}
	equal(t, "first request", <-got, "before the kill")
	killed.Store(true)
	kill()

	_, kill = startProcess(t, file)
	defer kill()
	for len(missing) > 0 {
		delete(missing, <-got)
	}
}
