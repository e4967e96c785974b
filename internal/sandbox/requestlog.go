// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package sandbox

import (
	"net/http"
	"sync"
	"time"
)

// maxEntries is the length of the request log. Beyond it, the oldest entries are
// dropped.
const maxEntries = 100_000

// entry is one API request in the log. It has no header and no body, so it
// cannot leak a secret.
type entry struct {
	Time       timestamp `json:"time"`
	Method     string    `json:"method"`
	Path       string    `json:"path"`
	Query      string    `json:"query"`
	Status     int       `json:"status"` // 0 if the connection was cut.
	DurationMS int64     `json:"durationMs"`
	Mode       string    `json:"mode"`
	Fault      string    `json:"fault"`

	problem  string    // What is wrong with the request.
	begin    time.Time // In real time.
	finished bool
}

// requestLog has the API requests in the order of their arrival.
type requestLog struct {
	mu      sync.Mutex
	entries []*entry
}

func (l *requestLog) begin(e entry) *entry {
	l.mu.Lock()
	defer l.mu.Unlock()
	e.begin = time.Now()
	if len(l.entries) == maxEntries {
		l.entries = l.entries[1:]
	}
	l.entries = append(l.entries, &e)
	return &e
}

// finish completes an entry, which makes it visible, and returns it.
func (l *requestLog) finish(e *entry, status int) entry {
	l.mu.Lock()
	defer l.mu.Unlock()
	e.Status, e.DurationMS, e.finished = status, time.Since(e.begin).Milliseconds(), true
	return *e
}

// list returns the requests that have been responded to or cut.
func (l *requestLog) list() []entry {
	l.mu.Lock()
	defer l.mu.Unlock()
	entries := []entry{}
	for _, e := range l.entries {
		if e.finished {
			entries = append(entries, *e)
		}
	}
	return entries
}

func (l *requestLog) clear() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.entries = nil
}

func (s *Sandbox) listRequests(call) (response, error) {
	return jsonResponse(http.StatusOK, encode(s.requests.list())), nil
}

func (s *Sandbox) clearRequests(call) (response, error) {
	s.requests.clear()
	return noContent, nil
}
