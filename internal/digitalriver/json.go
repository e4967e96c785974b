// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package digitalriver

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Reading JSON is tolerant, as the API asks of its clients: members that are
// unknown, null or absent are no error; a known member of the wrong type is one.
// https://docs.digitalriver.com/digital-river-api/developer-resources/best-practices

// encode is json.Marshal. Nothing in this package has a value that cannot be
// encoded.
func encode(value any) []byte {
	body, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	return body
}

// unmarshal is json.Unmarshal, with errors that name the members of the API and
// repeat no values.
func unmarshal(body []byte, value any) error {
	err := json.Unmarshal(body, value)
	var typeError *json.UnmarshalTypeError
	if errors.As(err, &typeError) {
		kind, _, _ := strings.Cut(typeError.Value, " ")
		return fmt.Errorf("%s has the wrong type: %s", cmp.Or(typeError.Field, "the body"), kind)
	}
	var timeError *time.ParseError
	if errors.As(err, &timeError) {
		return errors.New("a time is not in RFC 3339 format")
	}
	return err
}

// errNotJSON describes a body that is not JSON.
var errNotJSON = errors.New("it is not JSON")

// isSyntaxError reports whether a body is truncated or not JSON at all, as opposed
// to JSON with unexpected members.
func isSyntaxError(err error) bool {
	var syntaxError *json.SyntaxError
	return errors.As(err, &syntaxError)
}
