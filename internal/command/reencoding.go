// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package command

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/signature"
)

// explainMismatch distinguishes a body that was changed on its way from a wrong
// secret.
func explainMismatch(header string, secrets []string, body []byte) string {
	if len(body) == 0 {
		return "The body is empty. Something read it before, such as a parser of JSON: a body can be read only once. " +
			"Keep the raw bytes of the request before anything parses them."
	}
	for _, other := range reencodings(body) {
		err := verify(header, secrets, other.body, time.Now(), 0)
		if !errors.Is(err, signature.ErrNoSecretMatches) {
			return "The body was changed on its way here: it matches once it is " + strings.Join(other.how, " and ") +
				". Use the raw bytes of the request, before anything parses them."
		}
	}
	return "No other JSON encoding of the body matches either. Compare the secret with the webhook's active ones. " +
		"The secrets of test and live mode differ."
}

// reencoding is a body as it may have been sent.
type reencoding struct {
	how  []string // What makes it from the body; nil for the body itself.
	body []byte
}

// reencodings returns what a body may have been before it was parsed and encoded
// again, beginning with those that take the fewest changes.
func reencodings(body []byte) []reencoding {
	list := []reencoding{{body: body}}
	for _, step := range []func([]byte) []reencoding{wrappings, escapings, layouts} {
		for _, before := range slices.Clone(list) {
			for _, r := range step(before.body) {
				list = append(list, reencoding{append(slices.Clone(before.how), r.how...), r.body})
			}
		}
	}
	// Sorted members come last: what sorts them undoes the other changes as well.
	for _, before := range slices.Clone(list) {
		if len(before.how) <= 1 {
			for _, r := range sortings(before.body) {
				list = append(list, reencoding{append(slices.Clone(before.how), r.how...), r.body})
			}
		}
	}
	slices.SortStableFunc(list, func(a, b reencoding) int { return len(a.how) - len(b.how) })
	return list[1:]
}

const byteOrderMark = "\uFEFF"

// wrappings undoes what was put around a body.
func wrappings(body []byte) (list []reencoding) {
	decoded, err := base64.StdEncoding.DecodeString(string(bytes.TrimSpace(body)))
	if err == nil {
		list = append(list, reencoding{[]string{"decoded from base64, as which some API gateways pass it on"}, decoded})
	}
	if without, has := bytes.CutPrefix(body, []byte(byteOrderMark)); has {
		return append(list, reencoding{[]string{"without the byte order mark (BOM) at its start"}, without})
	}
	return append(list, reencoding{
		[]string{"preceded by a byte order mark (BOM)"}, append([]byte(byteOrderMark), body...),
	})
}

// escapings changes the escapes in JSON strings. Encoders differ in those.
func escapings(body []byte) (list []reencoding) {
	const (
		noSlashes   = `freed of the escape \/, which PHP's json_encode writes for /`
		noCodes     = `freed of escapes such as \u00e9, which PHP's json_encode and Python's json.dumps write for é`
		withSlashes = `encoded with \/ for /`
		withCodes   = `encoded with escapes such as \u00e9 for é`
	)
	add := func(changed []byte, how ...string) {
		if !bytes.Equal(changed, body) {
			list = append(list, reencoding{how, changed})
		}
	}
	slashes, codes := unescape(body, true, false), unescape(body, false, true)
	add(slashes, noSlashes)
	add(codes, noCodes)
	if !bytes.Equal(slashes, body) && !bytes.Equal(codes, body) {
		add(unescape(body, true, true), noSlashes, noCodes)
	}
	slashes, codes = bytes.ReplaceAll(slashes, []byte("/"), []byte(`\/`)), escapeCodes(body)
	add(slashes, withSlashes)
	add(codes, withCodes)
	if !bytes.Equal(slashes, body) && !bytes.Equal(codes, body) {
		add(escapeCodes(slashes), withSlashes, withCodes)
	}
	return list
}

// unescape replaces the escape of the slash, those of characters outside ASCII, or
// both.
func unescape(body []byte, slashes, codes bool) []byte {
	var b bytes.Buffer
	for i := 0; i < len(body); i++ {
		if body[i] != '\\' || i+1 == len(body) {
			b.WriteByte(body[i])
			continue
		}
		r, length := codeEscape(body[i:])
		switch {
		case slashes && body[i+1] == '/':
			b.WriteByte('/')
			i++
		case codes && r >= utf8.RuneSelf:
			b.WriteRune(r)
			i += length - 1
		default:
			b.Write(body[i : i+2])
			i++
		}
	}
	return b.Bytes()
}

// codeEscape returns the character of the escape that text begins with, such as
// \u00e9 or a pair of surrogates, and its length. The length is 0 if there is none.
func codeEscape(text []byte) (r rune, length int) {
	unit := func(at int) (rune, bool) {
		if len(text) < at+6 || text[at] != '\\' || text[at+1] != 'u' {
			return 0, false
		}
		code, err := strconv.ParseUint(string(text[at+2:at+6]), 16, 16)
		return rune(code), err == nil
	}
	first, ok := unit(0)
	if !ok {
		return 0, 0
	}
	if !utf16.IsSurrogate(first) {
		return first, 6
	}
	second, _ := unit(6)
	if r := utf16.DecodeRune(first, second); r != utf8.RuneError {
		return r, 12
	}
	return 0, 0
}

// escapeCodes escapes characters outside ASCII.
func escapeCodes(body []byte) []byte {
	var b bytes.Buffer
	for _, r := range string(body) {
		switch first, second := utf16.EncodeRune(r); {
		case r < utf8.RuneSelf:
			b.WriteRune(r)
		case first != utf8.RuneError:
			fmt.Fprintf(&b, `\u%04x\u%04x`, first, second)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.Bytes()
}

// layouts changes the white space of a body.
func layouts(body []byte) []reencoding {
	list := []reencoding{
		{[]string{"without the white space around it"}, bytes.TrimSpace(body)},
		{[]string{"followed by a line break"}, append(bytes.Clone(body), '\n')},
	}
	var compact bytes.Buffer
	if json.Compact(&compact, body) != nil {
		return list
	}
	list = append(list, reencoding{[]string{"encoded without white space"}, compact.Bytes()})
	for _, indent := range []struct{ name, text string }{{"two spaces", "  "}, {"four spaces", "    "}, {"tabs", "\t"}} {
		var b bytes.Buffer
		if json.Indent(&b, compact.Bytes(), "", indent.text) == nil {
			list = append(list, reencoding{[]string{"indented with " + indent.name}, b.Bytes()})
		}
	}
	return list
}

// sortings encodes a body with its members sorted.
func sortings(body []byte) (list []reencoding) {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	var value any
	if d.Decode(&value) != nil {
		return nil
	}
	sorted := "encoded without white space, with its members sorted"
	for _, how := range []string{sorted, sorted + " and <, > and & escaped"} { // The first that matches is reported.
		var b bytes.Buffer
		e := json.NewEncoder(&b)
		e.SetEscapeHTML(how != sorted)
		if e.Encode(value) == nil {
			list = append(list, reencoding{[]string{how}, bytes.TrimSpace(b.Bytes())})
		}
	}
	return list
}
