package main

import (
	"regexp"

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
			f.add(at+": "+index.ReplaceAllString(s.FieldPath, "[]"), "%s", s.Reason)
		}
	}
}
