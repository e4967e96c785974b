// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package digitalriver

import "sync"

// seenIDs records which webhooks the responses to this client have shown, and
// when each was first shown. A create whose response is lost uses it: a webhook
// seen before the create began cannot be its result.
//
// Time is logical: a counter that now advances.
type seenIDs struct {
	mu        sync.Mutex
	time      uint64
	firstSeen map[string]uint64
	all       bool
}

// now advances the logical time and returns it. all reports whether every webhook
// that existed at an earlier time was seen.
func (s *seenIDs) now() (time uint64, all bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.time++
	return s.time, s.all
}

// addList records the webhooks of a list as seen.
func (s *seenIDs) addList(l *webhookList) {
	s.add(l.webhooks...)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all = s.all || l.complete
}

// add records webhooks as seen at the current time, if they are new.
func (s *seenIDs) add(webhooks ...*Webhook) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.firstSeen == nil {
		s.firstSeen = make(map[string]uint64, len(webhooks))
	}
	for _, webhook := range webhooks {
		if _, ok := s.firstSeen[webhook.ID]; !ok {
			s.firstSeen[webhook.ID] = s.time
		}
	}
}

// before reports whether a webhook was first seen before a time.
func (s *seenIDs) before(id string, time uint64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	firstSeen, ok := s.firstSeen[id]
	return ok && firstSeen < time
}
