// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"regexp"
	"strings"

	verrors "github.com/pb33f/libopenapi-validator/errors"
)

// invalid adds the errors of a validation.
func (f findings) invalid(at string, errs []*verrors.ValidationError) {
	for _, e := range errs {
		if len(e.SchemaValidationErrors) == 0 {
			f.add(at, "%s", withoutIndex(e.Message))
		}
		for _, s := range e.SchemaValidationErrors {
			f.add(at, "%s", withoutIndex(strings.TrimPrefix(s.FieldPath+": "+s.Reason, ": ")))
		}
	}
}

// withoutIndex replaces each index of a JSON path, so that the elements of an
// array have one finding.
func withoutIndex(path string) string { return index.ReplaceAllString(path, "[]") }

var index = regexp.MustCompile(`\[\d+\]`)
