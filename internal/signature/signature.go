// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

// Package signature signs webhook deliveries and verifies them, as Digital
// River documents: the header [HeaderName] has a timestamp and one signature for
// each active secret, `<timestamp>, <signature>[, <signature>…]`. The page is
// "Digital River signature" at docs.digitalriver.com, under events and webhooks.
package signature

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// HeaderName is the request header that has the signatures.
const HeaderName = "DigitalRiver-Signature"

// The reasons why [Verify] refuses a delivery. Its errors wrap one of them.
var (
	ErrMalformedHeader  = errors.New("malformed signature header")
	ErrNoSecretMatches  = errors.New("no signature was made with this secret")
	ErrOutsideTolerance = errors.New("timestamp outside the tolerance")
)

// Fields are the parts of the header.
type Fields struct {
	Timestamp  string    // As sent: exactly this string is signed.
	Time       time.Time // Timestamp as Unix seconds; the documentation names no unit.
	Signatures []string  // At least one; that of the newest secret first.
}

// Sign returns the signature of a body: base64 of the HMAC-SHA256 over
// `<timestamp>.<body>`, with the whole secret, whk_ included, as the key.
func Sign(secret, timestamp string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(timestamp + "."))
	mac.Write(body)
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// Header returns the value of the header for a body sent at t. It has a signature
// for each of the secrets, in their order. There must be at least one.
func Header(t time.Time, body []byte, secrets ...string) string {
	timestamp := strconv.FormatInt(t.Unix(), 10)
	parts := []string{timestamp}
	for _, secret := range secrets {
		parts = append(parts, Sign(secret, timestamp, body))
	}
	return strings.Join(parts, ", ")
}

// Parse parses the value of the header. The parts may have white space around
// them. The error wraps [ErrMalformedHeader] and says which part is wrong.
func Parse(header string) (Fields, error) {
	parts := strings.Split(header, ",")
	for i, part := range parts {
		parts[i] = strings.TrimSpace(part)
	}
	fields := Fields{Timestamp: parts[0], Signatures: parts[1:]}
	seconds, err := strconv.ParseUint(fields.Timestamp, 10, 63)
	if err != nil {
		return Fields{}, fmt.Errorf("%w: the first part is not a timestamp in Unix seconds", ErrMalformedHeader)
	}
	fields.Time = time.Unix(int64(seconds), 0).UTC()
	if len(fields.Signatures) == 0 {
		return Fields{}, fmt.Errorf("%w: there is no signature after the timestamp", ErrMalformedHeader)
	}
	for i, s := range fields.Signatures {
		if !isSignature(s) {
			return Fields{}, fmt.Errorf("%w: signature %d is not %d bytes in base64", ErrMalformedHeader, i+1, sha256.Size)
		}
	}
	return fields, nil
}

func isSignature(s string) bool {
	mac, err := base64.StdEncoding.DecodeString(s)
	return err == nil && len(mac) == sha256.Size && base64.StdEncoding.EncodeToString(mac) == s
}

// Verify checks that a body was signed with the secret, at a time that differs
// from now by at most the tolerance. It checks the signature first, in constant
// time, so that it judges only genuine timestamps. The error wraps
// [ErrMalformedHeader], [ErrNoSecretMatches] or [ErrOutsideTolerance].
func Verify(header, secret string, body []byte, now time.Time, tolerance time.Duration) error {
	fields, err := Parse(header)
	if err != nil {
		return err
	}
	want := []byte(Sign(secret, fields.Timestamp, body))
	matches := false
	for _, s := range fields.Signatures {
		matches = hmac.Equal([]byte(s), want) || matches
	}
	if !matches {
		return ErrNoSecretMatches
	}
	if age := now.Sub(fields.Time); age.Abs() > tolerance {
		return fmt.Errorf("%w: signed at %s, which differs from %s by %s; at most %s is accepted", ErrOutsideTolerance,
			fields.Time.Format(time.RFC3339), now.UTC().Format(time.RFC3339), age.Abs().Round(time.Second), tolerance)
	}
	return nil
}
