// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v3"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/signature"
)

func verifyCommand() *cli.Command {
	var header, secretFile string
	var tolerance time.Duration
	var asJSON bool
	now := time.Now()
	return &cli.Command{
		Name: "verify", Category: groupReceiving,
		Usage:     "check the signature of a delivery",
		UsageText: programName + " verify -header VALUE [flags] < BODY",
		Description: `
Reports whether the signature of a delivery is valid, or which part of it is
wrong. BODY is the body of the request as it arrived, byte for byte.

It prints "valid", or what failed: the header is malformed, no secret matches, or
the timestamp is outside the tolerance. If no secret matches, it also checks
whether BODY was parsed and encoded again on its way here, the usual mistake, and
names what was changed: white space, the order of members, escapes such as \/ and
\u00e9, a byte order mark, or base64.`,
		Metadata: map[string]any{
			notes: `
For example:
  terraform-provider-digitalriver verify -secret-file secret.txt \
    -header '1700000000, q2W9...=' < body.json`,
			statusSuccess: "the signature is valid",
			statusFailure: "the signature is not valid",
		},
		Flags: []cli.Flag{
			stringFlag("header", "", "check this `VALUE` of the request's DigitalRiver-Signature header", &header),
			stringFlag("secret-file", "", "read the signing secret (whk_...) from this `FILE`; if several are active, one "+
				"on each line (default: "+secretVariable+" from the environment)", &secretFile),
			durationFlag("tolerance", "5m", "let the timestamp be this `DURATION` from now, at most", &tolerance),
			parsedFlag("at", "", "use this `TIME` as now, such as 2026-01-31T12:00:00Z, or in Unix seconds", &now, parseTime),
			boolFlag("json", "print the result as JSON: valid, the timestamp, and for a signature that is not valid its "+
				"reason (malformed_header, no_secret_matches or outside_tolerance), the problem in words, and advice", &asJSON),
		},
		ArgValidator: noArguments,
		Action: func(_ context.Context, cmd *cli.Command) error {
			if header == "" {
				return wrongUsage("-header is missing")
			}
			secrets, err := readLines(secretFile, secretVariable)
			if err != nil {
				return err
			}
			if len(secrets) == 0 {
				return wrongUsage("there is no secret: use -secret-file or set %s", secretVariable)
			}
			body, err := io.ReadAll(cmd.Reader)
			if err != nil {
				return err
			}
			v := newVerdict(headerValue(header), secrets, body, now, tolerance)
			if asJSON {
				err = printJSON(cmd.Writer, v)
			} else {
				v.print(cmd.Writer)
			}
			if err == nil && !v.Valid {
				err = errBadResult
			}
			return err
		},
	}
}

// verdict is the result of the command.
type verdict struct {
	Valid     bool       `json:"valid"`
	Timestamp *time.Time `json:"timestamp"` // nil if the header is malformed.
	Reason    string     `json:"reason,omitempty"`
	Problem   string     `json:"problem,omitempty"`
	Advice    string     `json:"advice,omitempty"`
}

// reasons are the names of the errors of [signature.Verify].
var reasons = map[string]error{
	"malformed_header":  signature.ErrMalformedHeader,
	"no_secret_matches": signature.ErrNoSecretMatches,
	"outside_tolerance": signature.ErrOutsideTolerance,
}

func newVerdict(header string, secrets []string, body []byte, now time.Time, tolerance time.Duration) verdict {
	var v verdict
	if parts, err := signature.Parse(header); err == nil {
		v.Timestamp = &parts.Time
	}
	err := verify(header, secrets, body, now, tolerance)
	if v.Valid = err == nil; v.Valid {
		return v
	}
	v.Problem = err.Error()
	for name, reason := range reasons {
		if errors.Is(err, reason) {
			v.Reason = name
		}
	}
	if errors.Is(err, signature.ErrNoSecretMatches) {
		v.Advice = explainMismatch(header, secrets, body)
	}
	return v
}

func (v verdict) print(w io.Writer) {
	if v.Valid {
		_, _ = fmt.Fprintln(w, "valid")
		return
	}
	_, _ = fmt.Fprintln(w, "not valid: "+v.Problem)
	if v.Advice != "" {
		_, _ = fmt.Fprintln(w, v.Advice)
	}
}

func parseTime(text string) (time.Time, error) {
	if seconds, err := strconv.ParseInt(text, 10, 64); err == nil {
		return time.Unix(seconds, 0), nil
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return t, errors.New("want a time such as 2026-01-31T12:00:00Z, or Unix seconds")
	}
	return t, nil
}

// headerValue returns the value of a header, which may be given as a line with
// its name.
func headerValue(header string) string {
	name, value, isLine := strings.Cut(header, ":")
	if isLine && strings.EqualFold(strings.TrimSpace(name), signature.HeaderName) {
		return strings.TrimSpace(value)
	}
	return header
}

// verify returns nil if one of the secrets made a signature in the header.
func verify(header string, secrets []string, body []byte, now time.Time, tolerance time.Duration) (err error) {
	for _, secret := range secrets {
		err = signature.Verify(header, secret, body, now, tolerance)
		if !errors.Is(err, signature.ErrNoSecretMatches) {
			return err
		}
	}
	return err
}
