// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package digitalriver

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"
)

// operation is one call of a method of Client. It may take several requests.
type operation struct {
	client   *Client
	name     string
	attempts int // of all requests
	// deadline limits the waits that the API asks for. Time in the limiter's queue
	// and before retries moves it: neither is the API's doing.
	deadline time.Time
}

// newOperation begins an operation.
func (c *Client) newOperation(name string) *operation {
	return &operation{
		client:   c,
		name:     name,
		deadline: c.config.Clock.Now().Add(c.budget()),
	}
}

// maxBudget limits the product of the timeout and the number of attempts.
const maxBudget = 24 * time.Hour

// budget is how long an operation may take, not counting its own waits.
func (c *Client) budget() time.Duration {
	attempts := c.config.MaxRetries + 1
	if c.config.RequestTimeout > maxBudget/time.Duration(attempts) {
		return maxBudget
	}
	return time.Duration(attempts) * c.config.RequestTimeout
}

// request is one HTTP request of an operation, with all its attempts.
type request struct {
	method string
	path   string // escaped
	query  string
	body   []byte
	// decode reads the body of a 2xx response; nil if there is nothing to read.
	decode func(body []byte) error
	// lookUp finds out whether a POST was carried out although its response was
	// lost, and keeps its result. Every POST has one.
	lookUp func(ctx context.Context) (found bool, err error)

	attempts int
	// mayHaveSucceeded is true if an attempt may have been carried out although its
	// response was lost.
	mayHaveSucceeded bool
	// lost is the error of the last attempt of a POST that may have been carried out
	// although its response was lost; nil if there was none.
	lost *Error
}

func (r *request) target() string {
	if r.query == "" {
		return r.path
	}
	return r.path + "?" + r.query
}

// send sends r until it succeeds, until the retry policy allows no more attempts,
// or until ctx ends. A POST that may have been carried out is looked up after the
// wait, right before it would be sent again. If that leaves its outcome open, the
// error is an *UncertainError.
func (o *operation) send(ctx context.Context, r *request) error {
	if strings.HasPrefix(r.path+"/", webhooksPath+"//") {
		return o.newError(r, "the webhook ID is empty")
	}
	for {
		if err := o.waitForTurn(ctx, r); err != nil {
			return r.finalError(err)
		}
		outcome, err := o.attempt(ctx, r)
		if outcome == succeeded {
			return nil
		}
		// Even the last attempt of a POST is looked up.
		exhausted := r.attempts > o.client.config.MaxRetries
		if outcome == ambiguous {
			r.lost = err
		}
		if outcome == failed || outcome == retryable && exhausted && ctx.Err() == nil {
			return r.finalError(err)
		}
		waitErr := o.waitBeforeRetry(ctx, r, err)
		if ctx.Err() != nil {
			return r.finalError(err.withContext(ctx))
		}
		var found bool
		var lookUpErr error
		if outcome == ambiguous {
			found, lookUpErr = r.lookUp(ctx)
		}
		err.Attempts = o.attempts
		switch {
		case found:
			r.lost = nil
			return nil
		case lookUpErr != nil:
			return r.finalError(lookUpErr)
		case waitErr != nil:
			return r.finalError(waitErr)
		case exhausted:
			return r.finalError(err)
		}
	}
}

// finalError makes err, after which r is not sent again, an *UncertainError if r may
// have been carried out.
func (r *request) finalError(err error) error {
	var uncertain *UncertainError
	apiError := asAPIError(err)
	if r.lost == nil || apiError == nil || errors.As(err, &uncertain) {
		return err
	}
	return &UncertainError{Err: apiError}
}

// waitForTurn waits until the limiter permits an attempt of r.
func (o *operation) waitForTurn(ctx context.Context, r *request) error {
	limiter, clock := o.client.limiter, o.client.config.Clock
	for {
		if pause := limiter.pauseLeft(); pause > 0 {
			if pause > o.timeLeft(ctx) {
				return o.newError(r, "").withLongWait(pause)
			}
			if err := o.sleep(ctx, waitForAPI, pause); err != nil {
				return o.contextError(ctx, r)
			}
			continue
		}
		start := clock.Now()
		permitted, err := limiter.wait(ctx)
		if err != nil {
			return o.contextError(ctx, r)
		}
		o.deadline = o.deadline.Add(clock.Now().Sub(start))
		if permitted {
			return nil
		}
	}
}

// attempt sends r once and classifies the response.
func (o *operation) attempt(ctx context.Context, r *request) (outcome, *Error) {
	clock := o.client.config.Clock
	o.attempts++
	r.attempts++
	start := clock.Now()
	resp := o.client.roundTrip(ctx, r)
	now := clock.Now()
	fields := map[string]any{
		"method": r.method, "path": r.path, "status": resp.status, "attempt": r.attempts,
		"duration_ms": now.Sub(start).Milliseconds(), "upstream_id": resp.upstreamID,
	}
	if resp.err != nil {
		fields["error"] = o.client.redactor.redact(resp.err.Error())
	}
	if id := resp.header.Get(requestIDHeader); id != "" {
		fields["request_id"] = o.client.redactor.redact(id)
	}
	o.client.config.Log(ctx, "API request", fields)
	if date, err := http.ParseTime(resp.header.Get("Date")); err == nil {
		o.client.clockSkew.Store(int64(date.Sub(now)))
	}
	outcome, reason := classify(r, resp)
	if outcome == succeeded {
		return succeeded, nil
	}
	err := o.responseError(r, resp, reason)
	err.repeated = r.mayHaveSucceeded
	r.mayHaveSucceeded = r.mayHaveSucceeded || resp.mayHaveSucceeded()
	err.late = resp.timedOut || resp.status == http.StatusGatewayTimeout || resp.status == http.StatusRequestTimeout
	if resp.status == http.StatusTooManyRequests || resp.status == http.StatusServiceUnavailable {
		err.RetryAfter = parseRetryAfter(resp.header.Get("Retry-After"), o.client.Now())
	}
	if resp.status == http.StatusTooManyRequests {
		pause := err.RetryAfter
		if pause == 0 {
			pause = backoff(r.attempts)
			o.deadline = o.deadline.Add(pause + maxJitter)
		}
		o.client.limiter.pause(jitter(pause))
	}
	return outcome, err
}

// Log messages of waits.
const (
	waitForAPI   = "waiting as requested by the API"
	waitForRetry = "waiting before a retry"
)

// waitBeforeRetry waits before r is sent again. Its error is a wait that takes
// longer than the operation may. After a 429, the limiter's pause is the wait.
func (o *operation) waitBeforeRetry(ctx context.Context, r *request, err *Error) error {
	if err.RetryAfter > max(0, o.timeLeft(ctx)) {
		return err.withLongWait(err.RetryAfter)
	}
	if err.Status == http.StatusTooManyRequests {
		return nil
	}
	wait, message := jitter(err.RetryAfter), waitForAPI
	own := backoff(r.attempts)
	if err.late && r.method == http.MethodPost {
		own = max(own, lateWait)
	}
	if err.RetryAfter <= own {
		wait, message = min(jitter(own), maxBackoff), waitForRetry
		o.deadline = o.deadline.Add(wait)
	}
	_ = o.sleep(ctx, message, wait) // The caller checks ctx.
	return nil
}

func (o *operation) sleep(ctx context.Context, message string, wait time.Duration) error {
	o.client.config.Log(ctx, message, map[string]any{
		"operation": o.name, "wait_ms": wait.Milliseconds(),
	})
	return o.client.config.Clock.Sleep(ctx, wait)
}

// timeLeft is how long the operation may still wait because the API asks for it.
func (o *operation) timeLeft(ctx context.Context) time.Duration {
	deadline := o.deadline
	if end, ok := ctx.Deadline(); ok && end.Before(deadline) {
		deadline = end
	}
	return deadline.Sub(o.client.config.Clock.Now())
}
