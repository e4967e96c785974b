package command

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/signature"
)

const verifyUsage = `Usage: terraform-provider-digitalriver verify -header VALUE -secret-file FILE [flags] < BODY

Reports whether the signature of a delivery is valid, or which part of it is
wrong. BODY is the body of the request as it arrived, byte for byte.

Flags:
  -header VALUE       the value of the request's DigitalRiver-Signature header
  -secret-file FILE   the signing secret, whk_...; if several are active, one on
                      each line (default: DIGITALRIVER_WEBHOOK_SECRET from the
                      environment)
  -tolerance DURATION how far the timestamp may be from now (default 5m)
  -at TIME            the time to use as now, such as 2026-01-31T12:00:00Z, or in
                      Unix seconds

It prints "valid", or what failed: the header is malformed, no secret matches, or
the timestamp is outside the tolerance. If no secret matches, it also checks
whether BODY was parsed and encoded again on its way here, the usual mistake.

Exit status: 0 if the signature is valid, 1 if it is not, 2 for wrong usage.

For example:
  terraform-provider-digitalriver verify -secret-file secret.txt \
    -header '1700000000, q2W9...=' < body.json
`

func defineVerify(flags *flag.FlagSet) action {
	header := flags.String("header", "", "")
	secretFile := flags.String("secret-file", "", "")
	tolerance := flags.Duration("tolerance", 5*time.Minute, "")
	now := time.Now()
	flags.Func("at", "", func(text string) (err error) {
		now, err = parseTime(text)
		return err
	})
	return func(_ context.Context, args []string, std streams) error {
		if len(args) > 0 {
			return wrongUsage("unexpected argument %q", args[0])
		}
		if *header == "" {
			return wrongUsage("-header is missing")
		}
		secrets, err := readLines(*secretFile, secretVariable)
		if err != nil {
			return err
		}
		if len(secrets) == 0 {
			return wrongUsage("there is no secret: use -secret-file or set %s", secretVariable)
		}
		body, err := io.ReadAll(std.in)
		if err != nil {
			return err
		}
		value := headerValue(*header)
		err = verify(value, secrets, body, now, *tolerance)
		if err == nil {
			_, _ = fmt.Fprintln(std.out, "valid")
			return nil
		}
		_, _ = fmt.Fprintf(std.out, "not valid: %v\n", err)
		if errors.Is(err, signature.ErrNoSecretMatches) {
			_, _ = fmt.Fprintln(std.out, explainMismatch(value, secrets, body))
		}
		return errBadResult
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

// explainMismatch distinguishes a body that was changed on its way from a wrong
// secret.
func explainMismatch(header string, secrets []string, body []byte) string {
	for _, other := range reencodings(body) {
		err := verify(header, secrets, other.body, time.Now(), 0)
		if !errors.Is(err, signature.ErrNoSecretMatches) {
			return "The body was changed on its way here: it matches once it is " + other.how +
				". Use the raw bytes of the request, before anything parses them."
		}
	}
	return "No other JSON encoding of the body matches either. Compare the secret with the webhook's active ones. " +
		"The secrets of test and live mode differ."
}

// reencoding is a body as it may have been sent.
type reencoding struct {
	how  string
	body []byte
}

// reencodings returns what a body may have been before it was parsed and encoded
// again.
func reencodings(body []byte) []reencoding {
	list := []reencoding{
		{"without the white space around it", bytes.TrimSpace(body)},
		{"followed by a line break", append(bytes.Clone(body), '\n')},
	}
	var compact bytes.Buffer
	if json.Compact(&compact, body) != nil {
		return list
	}
	list = append(list, reencoding{"encoded without white space", compact.Bytes()})
	for _, indent := range []struct{ name, text string }{{"two spaces", "  "}, {"four spaces", "    "}, {"tabs", "\t"}} {
		var b bytes.Buffer
		if json.Indent(&b, compact.Bytes(), "", indent.text) == nil {
			list = append(list, reencoding{"indented with " + indent.name, b.Bytes()})
		}
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	var value any
	if d.Decode(&value) != nil {
		return list
	}
	sorted := "encoded without white space, with its members sorted"
	for _, how := range []string{sorted, sorted + " and <, > and & escaped"} { // The first that matches is reported.
		var b bytes.Buffer
		e := json.NewEncoder(&b)
		e.SetEscapeHTML(how != sorted)
		if e.Encode(value) == nil {
			list = append(list, reencoding{how, bytes.TrimSpace(b.Bytes())})
		}
	}
	return list
}
