// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package sandbox

import (
	"bytes"
	"encoding/json"
	"io"
	"iter"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/delivery"
	"github.com/digitalriver/terraform-provider-digitalriver/internal/duration"
	"github.com/digitalriver/terraform-provider-digitalriver/internal/loopback"
)

const (
	// maxBody is the number of bytes that the body of a request may have.
	maxBody = 1 << 20
	// maxDrain is how much of a longer body is read nevertheless, so that the
	// client gets to read the 400.
	maxDrain = 16 << 20
)

// readBody reads a body up to one byte more than is allowed, which decodeBody
// refuses. It then drains the rest: the server notices that a client has gone
// only after the end of the body.
func readBody(r *http.Request) ([]byte, error) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	if err != nil {
		return nil, err
	}
	_, err = io.Copy(io.Discard, io.LimitReader(r.Body, maxDrain))
	return body, err
}

// decodeObject decodes a body that must be one JSON object.
func decodeObject(body []byte) (map[string]json.RawMessage, error) {
	return decodeBody[map[string]json.RawMessage](body, "object")
}

// decodeBody decodes a body that must be one JSON value of a kind, and not null.
func decodeBody[T map[string]json.RawMessage | []json.RawMessage](body []byte, kind string) (T, error) {
	if len(body) > maxBody {
		return nil, badRequest(codeFormat, "", "The body is larger than %d bytes.", maxBody)
	}
	var v T
	if err := json.Unmarshal(body, &v); err != nil || v == nil {
		return nil, badRequest(codeFormat, "", "The body must be one JSON %s.", kind)
	}
	return v, nil
}

// fields has a reader for each member that an object may have.
type fields map[string]reader

// reader reads a member. The parameter is the member's full name, such as
// oauth.clientID.
type reader func(p *problems, parameter string, value json.RawMessage)

// field reads a member of one type; null is refused. The words in want complete
// "must be".
func field[T any](into *T, want string) reader {
	return func(p *problems, parameter string, value json.RawMessage) {
		*into = decode[T](p, parameter, want, value)
	}
}

// fieldBy reads a member with a function of its own.
func fieldBy[T any](into *T, read func(p *problems, parameter string, value json.RawMessage) T) reader {
	return func(p *problems, parameter string, value json.RawMessage) {
		*into = read(p, parameter, value)
	}
}

// read reads the members of an object in the order of their names. A member
// that has no reader is a problem.
func (f fields) read(p *problems, prefix, object string, members map[string]json.RawMessage) {
	for _, name := range slices.Sorted(maps.Keys(members)) {
		if read := f[name]; read != nil {
			read(p, prefix+name, members[name])
		} else {
			p.add(codeUnknown, prefix+name, "%s is not a member of %s.", name, object)
		}
	}
}

// decode decodes a value of one type; null is refused.
func decode[T any](p *problems, parameter, want string, value json.RawMessage) T {
	var v *T
	if err := json.Unmarshal(value, &v); err != nil || v == nil {
		p.add(codeInvalid, parameter, "%s must be %s.", parameter, want)
		return *new(T)
	}
	return *v
}

// decodeDuration decodes a duration that is not negative.
func decodeDuration(p *problems, parameter string, value json.RawMessage) duration.Duration {
	text := decode[string](p, parameter, duration.Form, value)
	d, err := duration.Parse(text)
	p.expect(err == nil, parameter, "%s %v.", parameter, err)
	return duration.Duration(d)
}

// encode returns v as JSON without HTML escapes. It is for values that cannot
// fail to encode.
func encode(v any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic(err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// mergePatch returns target with a JSON merge patch (RFC 7396) applied to it. It
// decodes only those parts of the target that the patch changes.
func mergePatch(target json.RawMessage, patch any) any {
	changes, ok := patch.(map[string]any)
	if !ok {
		return patch
	}
	object := members(target)
	merged := map[string]any{}
	for name, value := range object {
		merged[name] = value
	}
	for name, change := range changes {
		if change == nil {
			delete(merged, name)
		} else {
			merged[name] = mergePatch(object[name], change)
		}
	}
	return merged
}

// members returns the members of an object. Anything else has none.
func members(object json.RawMessage) (members map[string]json.RawMessage) {
	_ = json.Unmarshal(object, &members)
	return members
}

// depth returns how many objects and arrays a decoded JSON value has inside each
// other.
func depth(value any) (deepest int) {
	var inside iter.Seq[any]
	switch v := value.(type) {
	case map[string]any:
		inside = maps.Values(v)
	case []any:
		inside = slices.Values(v)
	default:
		return 0
	}
	for v := range inside {
		deepest = max(deepest, depth(v))
	}
	return deepest + 1
}

// timestamp is a time as the API writes it.
type timestamp struct{ time.Time }

// MarshalJSON implements [json.Marshaler].
func (t timestamp) MarshalJSON() ([]byte, error) {
	return encode(delivery.FormatTime(t.Time)), nil
}

func validDate(s string) bool {
	_, err := time.Parse(time.DateOnly, s)
	return err == nil
}

func validURL(s string, schemes ...string) bool {
	scheme, _, _ := strings.Cut(s, "://")
	u, err := url.Parse(s)
	return err == nil && slices.Contains(schemes, scheme) && u.Hostname() != ""
}

// loopbackURL reports whether a URL leads to this machine.
func loopbackURL(s string) bool {
	u, err := url.Parse(s)
	return err == nil && loopback.Host(u.Hostname())
}
