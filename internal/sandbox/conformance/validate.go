package main

import (
	"regexp"
	"strings"

	verrors "github.com/pb33f/libopenapi-validator/errors"
)

var index = regexp.MustCompile(`\[\d+\]`)

// invalid adds the errors of a validation.
func (f findings) invalid(at string, errs []*verrors.ValidationError) {
	for _, e := range errs {
		if len(e.SchemaValidationErrors) == 0 {
			f.add(at, "%s", e.Message)
		}
		for _, s := range e.SchemaValidationErrors {
			f.add(at, "%s", index.ReplaceAllString(strings.TrimPrefix(s.FieldPath+": "+s.Reason, ": "), "[]"))
		}
	}
}
