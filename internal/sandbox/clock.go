package sandbox

import (
	"sync/atomic"
	"time"
)

// clock is real time plus what it was advanced by.
type clock struct {
	real   func() time.Time
	offset atomic.Int64
}

func (c *clock) now() time.Time {
	return c.real().Add(time.Duration(c.offset.Load()))
}
