// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

// Command conformance compares the sandbox with an OpenAPI document of the
// service. It compares the operations on webhooks and events with those of the
// sandbox's own document, and validates the responses of a sandbox and the
// sample objects of events. It prints all deviations with their reasons. It fails
// if one is not in deviations.txt, or if one there no longer exists.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"maps"
	"os"

	"github.com/pb33f/libopenapi"
	validator "github.com/pb33f/libopenapi-validator"
	"github.com/pb33f/libopenapi-validator/config"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/sandbox"
)

func main() {
	log.SetFlags(0)
	file := flag.String("openapi", "", "the service's OpenAPI document, a `file`")
	flag.Parse()
	if *file == "" {
		log.Fatal("Name Digital River's OpenAPI document: make conformance OPENAPI=FILE")
	}
	data, err := os.ReadFile(*file)
	if err != nil {
		log.Fatal(err)
	}
	if err := run(os.Stdout, data, parseDeviations(deviationsText)); err != nil {
		log.Fatal(err)
	}
}

// run makes all checks against a document and reports the findings.
func run(w io.Writer, data []byte, listed []deviation) error {
	document, err := libopenapi.NewDocument(data)
	if err != nil {
		return fmt.Errorf("the OpenAPI document cannot be read: %w", err)
	}
	found, err := check(document)
	if err != nil {
		return err
	}
	return found.report(w, listed)
}

// check returns all findings.
func check(document libopenapi.Document) (findings, error) {
	ours, err := libopenapi.NewDocument(sandbox.OpenAPI)
	if err != nil {
		return nil, err
	}
	service, err := newSpec(document)
	if err != nil {
		return nil, err
	}
	own, err := newSpec(ours)
	if err != nil {
		return nil, err
	}
	found := compare(service, own)

	v, errs := validator.NewValidator(document, config.WithFormatAssertions(), config.WithStrictMode())
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	responses, err := validateLife(context.Background(), v, service.errorCodes())
	if err != nil {
		return nil, err
	}
	maps.Copy(found, responses)

	model, err := document.BuildV3Model()
	if err != nil {
		return nil, err
	}
	samples, err := validateSamples(&model.Model)
	if err != nil {
		return nil, err
	}
	maps.Copy(found, samples)
	return found, nil
}

func newSpec(document libopenapi.Document) (spec, error) {
	info := document.GetSpecInfo()
	if err := info.GetSpecJSONError(); err != nil {
		return nil, err
	}
	return *info.GetSpecJSON(), nil
}
