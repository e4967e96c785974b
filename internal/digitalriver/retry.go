package digitalriver

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// How retries are spread out (decided).
const (
	firstBackoff = 250 * time.Millisecond
	maxBackoff   = 8 * time.Second
	maxJitter    = time.Second
	// maxRetryAfter is what a larger Retry-After is read as.
	maxRetryAfter = 365 * 24 * time.Hour
)

// request is one HTTP request of an operation, sent as often as the policy
// allows.
type request struct {
	method string
	path   string // escaped
	query  string
	body   []byte
	// decode reads the body of a 2xx; nil when there is none to read.
	decode func(body []byte) error
	// recover looks up whether a POST whose answer is lost was carried out, and
	// takes over what it brought.
	recover func(ctx context.Context) (bool, error)

	sent int           // how often
	skew time.Duration // the API's clock less ours, by the last answer
}

func (r *request) target() string {
	if r.query == "" {
		return r.path
	}
	return r.path + "?" + r.query
}

// operation is one thing that a caller asked for. It may take several requests.
type operation struct {
	client   *Client
	name     string
	redact   *redactor
	attempts int
	// deadline bounds the waits that the API asks for; time spent in the queue
	// of the limiter and in our own backoff does not count.
	deadline time.Time
}

func (c *Client) begin(name string, credentials ...string) *operation {
	budget := time.Duration(c.config.MaxRetries+1) * c.config.RequestTimeout
	return &operation{
		client:   c,
		name:     name,
		redact:   newRedactor(append(credentials, c.config.APIKey)...),
		deadline: c.config.Clock.Now().Add(budget),
	}
}

// verdict is what an answer means for sending the request again.
type verdict int

const (
	done  verdict = iota
	final         // an error that stays
	again         // to be sent again: it says the same thing twice, or was not carried out
	lost          // a POST that may have been carried out
)

// send sends r until it is answered, or the policy or ctx ends it. What a lost
// POST brought is looked up after the wait, right before it would be sent again.
func (o *operation) send(ctx context.Context, r *request) error {
	if strings.HasPrefix(r.path+"/", webhooksPath+"//") {
		err := o.failure(r, &answer{}, nil)
		err.Reason = "the id is empty"
		return err
	}
	for {
		if err := o.enter(ctx, r); err != nil {
			return err
		}
		err, verdict := o.try(ctx, r)
		if verdict == done {
			return nil
		}
		exhausted := r.sent > o.client.config.MaxRetries
		if verdict == final || verdict == again && exhausted && ctx.Err() == nil {
			return err
		}
		tooLong := o.pause(ctx, r, err)
		if ctx.Err() != nil {
			return o.ended(ctx, r, err, verdict)
		}
		if verdict == lost {
			found, err := r.recover(ctx)
			var apiError *Error
			if errors.As(err, &apiError) {
				apiError.Reason += fateUnknown
			}
			if found || err != nil {
				return err
			}
		}
		err.Attempts = o.attempts
		if tooLong != nil {
			return tooLong
		}
		if exhausted {
			return err
		}
	}
}

// enter waits until r may be sent.
func (o *operation) enter(ctx context.Context, r *request) error {
	limiter, clock := o.client.limiter, o.client.config.Clock
	for {
		if wait := limiter.closed(); wait > 0 {
			if wait > o.left(ctx) {
				return o.tooLong(r, nil, wait)
			}
			if err := o.sleep(ctx, "waiting as the API asked for", wait); err != nil {
				return o.ended(ctx, r, nil, again)
			}
			continue
		}
		start := clock.Now()
		open, err := limiter.queue(ctx)
		if err != nil {
			return o.ended(ctx, r, nil, again)
		}
		o.deadline = o.deadline.Add(clock.Now().Sub(start))
		if open {
			return nil
		}
	}
}

// try makes one attempt and judges it.
func (o *operation) try(ctx context.Context, r *request) (*Error, verdict) {
	clock := o.client.config.Clock
	o.attempts++
	r.sent++
	start := clock.Now()
	a := o.client.attempt(ctx, r)
	now := clock.Now()
	fields := map[string]any{
		"method": r.method, "path": r.path, "status": a.status, "attempt": r.sent,
		"duration_ms": now.Sub(start).Milliseconds(), "upstream_id": a.upstreamID,
	}
	if a.err != nil {
		fields["error"] = o.redact.text(a.err.Error())
	}
	o.client.config.Log(ctx, "API request", fields)
	if date, err := http.ParseTime(a.header.Get("Date")); err == nil {
		r.skew = date.Sub(now)
	}
	verdict, reason := judge(r, a)
	if verdict == done {
		return nil, done
	}
	err := o.failure(r, a, reason)
	if a.status == http.StatusTooManyRequests || a.status == http.StatusServiceUnavailable {
		err.RetryAfter = parseRetryAfter(a.header.Get("Retry-After"), now.Add(r.skew))
	}
	if a.status == http.StatusTooManyRequests {
		wait := err.RetryAfter
		if wait == 0 {
			wait = backoff(r.sent)
			o.deadline = o.deadline.Add(wait + maxJitter)
		}
		o.client.limiter.closeFor(jitter(wait))
	}
	return err, verdict
}

// judge is the retry policy. Its error says what is wrong with a 2xx's body.
func judge(r *request, a *answer) (verdict, error) {
	unknown := again
	if r.method == http.MethodPost {
		unknown = lost
	}
	switch {
	case a.status == 0 && isCertificateError(a.err):
		return final, nil
	case a.status == 0 && a.neverSent:
		return again, nil
	case a.status == 0:
		return unknown, nil
	case a.status == http.StatusTooManyRequests:
		return again, nil
	case a.status == http.StatusRequestTimeout || a.status >= 500:
		return unknown, nil
	case a.status == http.StatusNotFound && a.foreign() && r.method != http.MethodPost:
		return again, nil
	case a.status < 200 || a.status > 299:
		return final, nil
	case r.decode == nil && a.foreign():
		return unknown, errors.New("it is no JSON")
	case r.decode == nil:
		return done, nil
	case errors.Is(a.err, errTooLarge) && r.method != http.MethodPost:
		return final, a.err
	case a.err != nil:
		return unknown, a.err
	}
	err := r.decode(a.body)
	switch {
	case err == nil:
		return done, nil
	case r.method == http.MethodPost || isNotJSON(err):
		return unknown, err
	default:
		return final, err
	}
}

// foreign tells that the body is none of the API's: a gateway in front answered,
// or it was cut off. An API's answer may be empty.
func (a *answer) foreign() bool {
	return a.err != nil || len(a.body) > 0 && !json.Valid(a.body)
}

// pause waits before r is sent again; its error is a wait that takes too long.
// A 429 waits at the gate instead.
func (o *operation) pause(ctx context.Context, r *request, err *Error) error {
	if err.RetryAfter > max(0, o.left(ctx)) {
		return o.tooLong(r, err, err.RetryAfter)
	}
	if err.Status == http.StatusTooManyRequests {
		return nil
	}
	wait, why := jitter(err.RetryAfter), "waiting as the API asked for"
	if own := backoff(r.sent); err.RetryAfter <= own {
		wait, why = min(jitter(own), maxBackoff), "waiting before a retry"
		o.deadline = o.deadline.Add(wait)
	}
	_ = o.sleep(ctx, why, wait) // The caller looks at ctx.
	return nil
}

func (o *operation) sleep(ctx context.Context, why string, wait time.Duration) error {
	o.client.config.Log(ctx, why, map[string]any{
		"operation": o.name, "wait_ms": wait.Milliseconds(),
	})
	return o.client.config.Clock.Sleep(ctx, wait)
}

// left is how long the operation may still wait for the API.
func (o *operation) left(ctx context.Context) time.Duration {
	deadline := o.deadline
	if end, ok := ctx.Deadline(); ok && end.Before(deadline) {
		deadline = end
	}
	return deadline.Sub(o.client.config.Clock.Now())
}

// backoff is the wait after the nth attempt, without jitter.
func backoff(n int) time.Duration {
	return min(firstBackoff<<min(n-1, 10), maxBackoff)
}

// jitter adds up to a quarter, so that clients do not come back at once.
func jitter(d time.Duration) time.Duration {
	return d + rand.N(min(d/4, maxJitter)+1)
}

// parseRetryAfter reads seconds or an HTTP date. What is no such thing, or lies
// in the past, is 0.
func parseRetryAfter(value string, now time.Time) time.Duration {
	value = strings.TrimSpace(value)
	if digits := strings.TrimLeft(value, "0123456789"); value != "" && digits == "" {
		seconds, err := strconv.ParseInt(value, 10, 64)
		if err != nil || seconds > int64(maxRetryAfter/time.Second) {
			return maxRetryAfter
		}
		return time.Duration(seconds) * time.Second
	}
	date, err := http.ParseTime(value)
	if err != nil {
		return 0
	}
	return min(max(date.Sub(now), 0), maxRetryAfter)
}

// tooLong is the error of a wait that does not fit into the operation.
func (o *operation) tooLong(r *request, err *Error, wait time.Duration) *Error {
	if err == nil {
		err = o.failure(r, &answer{}, nil)
	}
	err.RetryAfter = wait
	err.Reason = fmt.Sprintf("the API asked to wait %v, which is longer than this operation may take",
		wait.Round(time.Second))
	return err
}

// ended is the error of an operation whose context ended.
func (o *operation) ended(ctx context.Context, r *request, err *Error, verdict verdict) *Error {
	if err == nil {
		err = o.failure(r, &answer{}, nil)
	}
	err.Err = ctx.Err()
	err.Reason = ctx.Err().Error()
	if verdict == lost {
		err.Reason += fateUnknown
	}
	return err
}

const fateUnknown = "; it is not known whether the API carried the request out"
