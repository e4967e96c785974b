package command

import (
	"bytes"
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

Says whether a delivery's signature is valid, or which part of it is wrong. BODY
is the request's body as it arrived, byte for byte.

Flags:
  -header VALUE       the value of the request's DigitalRiver-Signature header
  -secret-file FILE   the signing secret, whk_...; several active ones on a line
                      each (default: DIGITALRIVER_WEBHOOK_SECRET from the
                      environment)
  -tolerance DURATION how far the timestamp may be from now (default 5m)
  -at TIME            the time to take for now, such as 2026-01-31T12:00:00Z, or in
                      Unix seconds

It prints "valid", or what fails: the header is malformed, no secret matches, or
the timestamp is outside the tolerance. Where no secret matches, it also tries
whether BODY was parsed and written again on its way here, which is the usual
mistake.

Exit status: 0 when the signature is valid, 1 when it is not, 2 on wrong use.

For example:
  terraform-provider-digitalriver verify -secret-file secret.txt \
    -header '1700000000, q2W9...=' < body.json
`

// Verify runs the verify command and returns its exit status.
func Verify(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("verify", flag.ContinueOnError)
	header := flags.String("header", "", "")
	secretFile := flags.String("secret-file", "", "")
	tolerance := flags.Duration("tolerance", 5*time.Minute, "")
	now := time.Now()
	flags.Func("at", "", func(text string) (err error) {
		now, err = parseTime(text)
		return err
	})
	return run(flags, verifyUsage, args, stdout, stderr, func(rest []string) error {
		if len(rest) > 0 {
			return useError("unexpected argument %q", rest[0])
		}
		if *header == "" {
			return useError("-header is missing")
		}
		secrets, err := readLines(*secretFile, secretVariable)
		if err != nil {
			return err
		}
		if len(secrets) == 0 {
			return useError("no secret: give -secret-file or set %s", secretVariable)
		}
		body, err := io.ReadAll(stdin)
		if err != nil {
			return err
		}
		value := headerValue(*header)
		err = verify(value, secrets, body, now, *tolerance)
		if err == nil {
			_, _ = fmt.Fprintln(stdout, "valid")
			return nil
		}
		_, _ = fmt.Fprintf(stdout, "not valid: %v\n", err)
		if errors.Is(err, signature.ErrNoSecretMatches) {
			_, _ = fmt.Fprintln(stdout, whyNoMatch(value, secrets, body))
		}
		return errBad
	})
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

// headerValue takes a whole header line too.
func headerValue(header string) string {
	if name, value, isLine := strings.Cut(header, ":"); isLine && strings.EqualFold(strings.TrimSpace(name), signature.HeaderName) {
		return strings.TrimSpace(value)
	}
	return header
}

// verify is nil when one of the secrets has made a signature in the header.
func verify(header string, secrets []string, body []byte, now time.Time, tolerance time.Duration) (err error) {
	for _, secret := range secrets {
		err = signature.Verify(header, secret, body, now, tolerance)
		if !errors.Is(err, signature.ErrNoSecretMatches) {
			return err
		}
	}
	return err
}

// whyNoMatch tells a body that was changed on its way from a wrong secret.
func whyNoMatch(header string, secrets []string, body []byte) string {
	for _, other := range rewritten(body) {
		err := verify(header, secrets, other.body, time.Now(), 0)
		if !errors.Is(err, signature.ErrNoSecretMatches) {
			return "The body is not as it was sent: it matches once it is " + other.how +
				". Take the raw bytes of the request, before anything parses them."
		}
	}
	return "Nor does it match written as JSON in other ways. Compare the secret with the webhook's active ones; those of test and live mode differ."
}

type rewriting struct {
	how  string
	body []byte
}

// rewritten has what the body may have been before someone parsed it and wrote
// it again.
func rewritten(body []byte) []rewriting {
	list := []rewriting{
		{"without the white space around it", bytes.TrimSpace(body)},
		{"followed by a line break", append(bytes.Clone(body), '\n')},
	}
	var compact bytes.Buffer
	if json.Compact(&compact, body) != nil {
		return list
	}
	list = append(list, rewriting{"written without white space", compact.Bytes()})
	for how, indent := range map[string]string{"two spaces": "  ", "four spaces": "    ", "tabs": "\t"} {
		var b bytes.Buffer
		if json.Indent(&b, compact.Bytes(), "", indent) == nil {
			list = append(list, rewriting{"indented with " + how, b.Bytes()})
		}
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	var value any
	if d.Decode(&value) != nil {
		return list
	}
	for how, escape := range map[string]bool{"": false, " and <, > and & escaped": true} {
		var b bytes.Buffer
		e := json.NewEncoder(&b)
		e.SetEscapeHTML(escape)
		if e.Encode(value) == nil {
			list = append(list, rewriting{"written without white space, its members sorted" + how, bytes.TrimSpace(b.Bytes())})
		}
	}
	return list
}
