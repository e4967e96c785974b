package sandbox

import "sync"

// maxEntries bounds the request log; the oldest are dropped beyond it.
const maxEntries = 100_000

// entry is one API request in the log. It holds no header and no body, so that
// it can leak no secret.
type entry struct {
	Time   timestamp `json:"time"`
	Method string    `json:"method"`
	Path   string    `json:"path"`
	Query  string    `json:"query"`
	Status int       `json:"status"`
	Mode   string    `json:"mode"`
	Fault  string    `json:"fault"`

	finished bool
}

// requestLog keeps API requests in the order of their arrival.
type requestLog struct {
	mu      sync.Mutex
	entries []*entry
}

func (l *requestLog) begin(e entry) *entry {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.entries) == maxEntries {
		l.entries = l.entries[1:]
	}
	l.entries = append(l.entries, &e)
	return &e
}

// finish makes the entry visible.
func (l *requestLog) finish(e *entry, status int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	e.Status, e.finished = status, true
}

// list holds the requests that have been answered or cut.
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
