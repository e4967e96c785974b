// Package signature signs webhook deliveries and verifies them, as Digital
// River documents: the header [HeaderName] holds a timestamp and one signature
// for each active secret, `<timestamp>, <signature>[, <signature>…]`.
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

// HeaderName is the request header that carries the signatures (docs).
const HeaderName = "DigitalRiver-Signature"

// The reasons for which [Verify] refuses a delivery. Errors wrap one of them.
var (
	ErrMalformedHeader  = errors.New("malformed signature header")
	ErrNoSecretMatches  = errors.New("no signature was made with this secret")
	ErrOutsideTolerance = errors.New("timestamp outside the tolerance")
)

// Fields are the parts of the header.
type Fields struct {
	Timestamp  string    // As sent: this very string is signed.
	Time       time.Time // What Timestamp says: Unix seconds (decided).
	Signatures []string  // At least one; newest secret first.
}

// Sign returns the signature of a body: base64 of the HMAC-SHA256 over
// `<timestamp>.<body>`, with the whole secret string as key (docs).
func Sign(secret, timestamp string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(timestamp + "."))
	mac.Write(body)
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// Header returns the header's value for a body sent at t, signed with each of
// the secrets in their order. At least one secret is needed.
func Header(t time.Time, body []byte, secrets ...string) string {
	timestamp := strconv.FormatInt(t.Unix(), 10)
	parts := []string{timestamp}
	for _, secret := range secrets {
		parts = append(parts, Sign(secret, timestamp, body))
	}
	return strings.Join(parts, ", ")
}

// Parse splits the header's value. White space around parts is accepted. The
// error wraps [ErrMalformedHeader] and says which part is wrong.
func Parse(header string) (Fields, error) {
	parts := strings.Split(header, ",")
	for i, part := range parts {
		parts[i] = strings.TrimSpace(part)
	}
	fields := Fields{Timestamp: parts[0], Signatures: parts[1:]}
	seconds, err := strconv.ParseUint(fields.Timestamp, 10, 63)
	if err != nil {
		return Fields{}, fmt.Errorf("%w: the first part is no timestamp in Unix seconds", ErrMalformedHeader)
	}
	fields.Time = time.Unix(int64(seconds), 0).UTC()
	if len(fields.Signatures) == 0 {
		return Fields{}, fmt.Errorf("%w: no signature after the timestamp", ErrMalformedHeader)
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

// Verify checks that a body was signed with the secret, at a time no further
// from now than the tolerance, before or after. The signature is checked first,
// in constant time: only a genuine timestamp is judged. The error wraps
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
		return fmt.Errorf("%w: signed at %s, which is %s from %s; %s is accepted", ErrOutsideTolerance,
			fields.Time.Format(time.RFC3339), age.Abs().Round(time.Second), now.UTC().Format(time.RFC3339), tolerance)
	}
	return nil
}
