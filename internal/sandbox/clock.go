// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package sandbox

import (
	"net/http"
	"sync/atomic"
	"time"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/duration"
)

// clock is real time plus the time by which it was advanced.
type clock struct {
	real   func() time.Time
	offset atomic.Int64
}

func (c *clock) now() time.Time {
	return c.real().Add(time.Duration(c.offset.Load()))
}

func (s *Sandbox) readClock(call) (response, error) {
	return jsonResponse(http.StatusOK, encode(map[string]timestamp{"time": {s.store.clock.now()}})), nil
}

// advanceClock moves the clock forward and returns its time.
func (s *Sandbox) advanceClock(c call) (response, error) {
	members, err := decodeObject(c.body)
	if err != nil {
		return response{}, err
	}
	var p problems
	var d duration.Duration
	fields{"advance": fieldBy(&d, decodeDuration)}.read(&p, "", "a clock change", members)
	if _, given := members["advance"]; !given {
		p.add(codeMissing, "advance", "advance must be given: a duration such as 24h.")
	}
	if err := p.err(); err != nil {
		return response{}, err
	}
	if err := s.store.advance(time.Duration(d)); err != nil {
		return response{}, err
	}
	s.courier.look()
	s.courier.disableFailing()
	return s.readClock(c)
}
