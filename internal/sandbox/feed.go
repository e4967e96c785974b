// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package sandbox

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"sync"
)

// The messages of the log.
const (
	messageRequest  = "request"
	messageEvent    = "event"
	messageDelivery = "delivery"
	messageHeld     = "delivery held"
	messageEnabled  = "webhook enabled"
	messageDisabled = "webhook disabled"
	messageFailed   = "sandbox failed"
)

// feed tells the log and the open streams what happens, at the time of the
// sandbox's clock. It tells no query, header or credential, and of bodies only the first line
// with which an endpoint refused an event.
type feed struct {
	mu      sync.Mutex // Held while a record is written, so that log and streams have one order.
	clock   *clock
	handler slog.Handler
	streams streams
}

// newFeed returns a feed for a logger, which may be nil.
func newFeed(clock *clock, logger *slog.Logger) *feed {
	f := &feed{clock: clock}
	f.handler = slog.NewJSONHandler(&f.streams, nil)
	if logger != nil {
		f.handler = slog.NewMultiHandler(logger.Handler(), f.handler)
	}
	return f
}

func (f *feed) tell(level slog.Level, message string, attributes ...slog.Attr) {
	r := slog.NewRecord(f.clock.now().UTC(), level, message, 0)
	r.AddAttrs(attributes...)
	f.mu.Lock()
	defer f.mu.Unlock()
	_ = f.handler.Handle(context.Background(), r) // The log may be a pipe that nobody reads.
}

// request tells of a request that was responded to, or cut.
func (f *feed) request(e entry) {
	level := slog.LevelInfo
	switch {
	case e.Status == 0 || e.Status >= 500:
		level = slog.LevelError
	case e.Status >= 400:
		level = slog.LevelWarn
	}
	attributes := []slog.Attr{
		slog.String("method", e.Method), slog.String("path", e.Path), slog.Int("status", e.Status),
		slog.Int64("durationMs", e.DurationMS),
	}
	attributes = append(attributes, faultAttribute(e.Fault)...)
	if e.Status == 0 {
		e.problem = "the connection was cut"
	}
	if e.problem != "" {
		attributes = append(attributes, slog.String("reason", e.problem))
	}
	f.tell(level, messageRequest, attributes...)
}

// event tells of an event that was created.
func (f *feed) event(eventType, id string, webhooks int) {
	level := slog.LevelInfo
	if webhooks == 0 {
		level = slog.LevelWarn
	}
	f.tell(level, messageEvent, slog.String("eventType", eventType), slog.String("eventId", id),
		slog.Int("webhooks", webhooks))
}

// delivery tells of an attempt that was made.
func (f *feed) delivery(r attemptResult) {
	level := slog.LevelInfo
	if r.Outcome != outcomeAcknowledged {
		level = slog.LevelWarn
	}
	attributes := []slog.Attr{
		slog.String("eventType", r.EventType), slog.String("eventId", r.EventID), slog.String("webhookId", r.WebhookID),
		slog.String("id", r.ID), slog.Int("attempt", r.Attempt), slog.String("outcome", r.Outcome),
		slog.Int("status", r.Status), slog.Int64("durationMs", r.DurationMS),
	}
	attributes = append(attributes, faultAttribute(r.Fault)...)
	if r.Reason != "" {
		attributes = append(attributes, slog.String("reason", r.Reason))
	}
	if r.NextAttempt != nil {
		attributes = append(attributes, slog.Time("nextAttempt", r.NextAttempt.UTC()))
	}
	f.tell(level, messageDelivery, attributes...)
}

// held tells of an attempt that the fault reorder holds back.
func (f *feed) held(a *attempt) {
	f.tell(slog.LevelWarn, messageHeld, slog.String("eventType", a.EventType), slog.String("eventId", a.EventID),
		slog.String("webhookId", a.WebhookID), slog.String("fault", faultReorder))
}

// switched tells of a webhook that was enabled or disabled, and why the sandbox
// disabled it.
func (f *feed) switched(r *record) {
	id := slog.String("webhookId", r.Webhook.ID)
	switch {
	case r.DisabledReason != "":
		f.tell(slog.LevelError, messageDisabled, id, slog.String("reason", r.DisabledReason))
	case r.Webhook.Enabled:
		f.tell(slog.LevelInfo, messageEnabled, id)
	default:
		f.tell(slog.LevelInfo, messageDisabled, id, slog.String("reason", "a request to the API did it"))
	}
}

// failed tells of an error of the sandbox.
func (f *feed) failed(err error) {
	f.tell(slog.LevelError, messageFailed, slog.String("reason", err.Error()))
}

func faultAttribute(kind string) []slog.Attr {
	if kind == "" {
		return nil
	}
	return []slog.Attr{slog.String("fault", kind)}
}

// maxBehind is the number of lines that a client of a stream may be behind.
const maxBehind = 1000

// streams are the open streams. What is written to them is one line for each.
type streams struct {
	mu   sync.Mutex
	open map[chan []byte]bool
}

// Write implements [io.Writer].
func (s *streams) Write(line []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for stream := range s.open {
		select {
		case stream <- bytes.Clone(line):
		default: // The client is too slow. It may connect again.
			s.close(stream)
		}
	}
	return len(line), nil
}

// add opens a stream. It is closed when remove is called or its client is too far
// behind.
func (s *streams) add() (stream chan []byte, remove func()) {
	stream = make(chan []byte, maxBehind)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open == nil {
		s.open = map[chan []byte]bool{}
	}
	s.open[stream] = true
	return stream, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.close(stream)
	}
}

// close is for callers that hold the lock.
func (s *streams) close(stream chan []byte) {
	if s.open[stream] {
		delete(s.open, stream)
		close(stream)
	}
}

// stream sends the log as Server-Sent Events, each a line of JSON, until the client
// or the sandbox goes.
func (s *Sandbox) stream(call) (response, error) {
	return response{
		status: http.StatusOK, contentType: "text/event-stream", header: map[string]string{"Cache-Control": "no-store"},
		stream: func(ctx context.Context, w http.ResponseWriter) {
			lines, remove := s.feed.streams.add()
			defer remove()
			controller := http.NewResponseController(w)
			_ = controller.Flush()
			for {
				select {
				case line, ok := <-lines:
					if !ok {
						return
					}
					_, _ = io.WriteString(w, "data: "+string(line)+"\n")
					if controller.Flush() != nil {
						return
					}
				case <-ctx.Done():
					return
				case <-s.waits.Done():
					return
				}
			}
		},
	}, nil
}
