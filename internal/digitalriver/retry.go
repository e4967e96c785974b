// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package digitalriver

import (
	"errors"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// The waits before retries start at a quarter of a second, so that a reset
// connection costs little, and double up to a limit that an interactive run bears.
const (
	firstBackoff = 250 * time.Millisecond
	maxBackoff   = 8 * time.Second
	maxJitter    = time.Second
	// lateWait is the least wait after a POST that timed out here or at a gateway: the
	// API may still be at work on it.
	lateWait = 5 * time.Second
	// maxRetryAfter replaces a longer Retry-After. It is longer than any operation
	// may wait, and keeps arithmetic with times from overflowing.
	maxRetryAfter = 365 * 24 * time.Hour
)

// outcome is the result of an attempt, as far as retries depend on it.
type outcome int

const (
	succeeded outcome = iota
	failed            // for good: a retry would fail in the same way
	retryable         // a transient failure; sending the request again does no harm
	ambiguous         // a POST failed, but may have been carried out
)

// classify is the retry policy. Its error says what is wrong with the body of a
// 2xx response.
func classify(r *request, resp *response) (outcome, error) {
	// GET, PATCH and DELETE have the same effect if they are carried out twice.
	transient := retryable
	if r.method == http.MethodPost {
		transient = ambiguous
	}
	switch {
	case resp.status == 0 && isCertificateError(resp.err):
		return failed, nil
	case resp.status == 0 && resp.neverSent:
		return retryable, nil
	case resp.status == 0:
		return transient, nil
	case resp.status == http.StatusTooManyRequests:
		return retryable, nil // The API documents that it did not carry out the request.
	case resp.status == http.StatusRequestTimeout || resp.status >= 500:
		return transient, nil
	case resp.status == http.StatusNotFound && !parseError(resp.body).valid && r.method != http.MethodPost:
		return retryable, nil
	case resp.status < 200 || resp.status > 299:
		return failed, nil
	case r.decode == nil && resp.notFromAPI():
		return transient, errNotJSON
	case r.decode == nil:
		return succeeded, nil
	case errors.Is(resp.err, errBodyTooLarge) && r.method != http.MethodPost:
		return failed, resp.err
	case resp.err != nil:
		return transient, resp.err
	}
	err := r.decode(resp.body)
	switch {
	case err == nil:
		return succeeded, nil
	case r.method == http.MethodPost || isSyntaxError(err):
		return transient, err
	default:
		return failed, err
	}
}

// backoff is the wait after the nth attempt, without jitter.
func backoff(n int) time.Duration {
	return min(firstBackoff<<min(n-1, 10), maxBackoff)
}

// jitter adds up to a quarter, so that clients do not retry at the same time.
func jitter(d time.Duration) time.Duration {
	return d + rand.N(min(d/4, maxJitter)+1)
}

// parseRetryAfter reads the value of a Retry-After header, seconds or an HTTP
// date. It returns 0 for any other value and for a date in the past.
func parseRetryAfter(value string, now time.Time) time.Duration {
	value = strings.TrimSpace(value)
	if rest := strings.TrimLeft(value, "0123456789"); value != "" && rest == "" {
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
