// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

// Command docscheck checks that everything the provider serves has a page in docs/
// and an example in examples/, and that the links between the pages lead somewhere,
// on GitHub and on a registry. `tfplugindocs validate` looks at no links, and does
// not notice when a whole folder is missing.
//
// Usage: docscheck ROOT SCHEMA, where SCHEMA is the file with the provider's schema
// as JSON, relative to ROOT.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// provider names what a provider serves, as `providers schema -json` prints it.
type provider struct {
	Resources          map[string]json.RawMessage `json:"resource_schemas"`
	DataSources        map[string]json.RawMessage `json:"data_source_schemas"`
	EphemeralResources map[string]json.RawMessage `json:"ephemeral_resource_schemas"`
	ListResources      map[string]json.RawMessage `json:"list_resource_schemas"`
	Actions            map[string]json.RawMessage `json:"action_schemas"`
	Functions          map[string]json.RawMessage `json:"functions"`
}

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "Usage: docscheck ROOT SCHEMA")
		os.Exit(2)
	}
	root, schema := os.Args[1], os.Args[2]
	n, err := check(root, filepath.Join(root, schema))
	links, linkErr := checkLinks(filepath.Join(root, "docs"))
	if err := errors.Join(err, linkErr); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Printf("docscheck: all %d served objects have a page and an example, and all %d links lead somewhere\n", n, links)
}

// check returns how many things the provider serves, and an error that names every
// missing page and example.
func check(root, schemaFile string) (int, error) {
	p, err := load(schemaFile)
	if err != nil {
		return 0, err
	}
	n := 0
	var missing []error
	for _, kind := range []struct {
		folder, example string
		served          map[string]json.RawMessage
	}{
		{"resources", "resource.tf", p.Resources},
		{"data-sources", "data-source.tf", p.DataSources},
		{"ephemeral-resources", "ephemeral-resource.tf", p.EphemeralResources},
		{"list-resources", "list-resource.tfquery.hcl", p.ListResources},
		{"actions", "action.tf", p.Actions},
		{"functions", "function.tf", p.Functions},
	} {
		for _, name := range slices.Sorted(maps.Keys(kind.served)) {
			n++
			page := strings.TrimPrefix(name, "digitalriver_") + ".md"
			for _, file := range []string{
				filepath.Join("docs", kind.folder, page),
				filepath.Join("examples", kind.folder, name, kind.example),
			} {
				if _, err := os.Stat(filepath.Join(root, file)); err != nil {
					missing = append(missing, fmt.Errorf("%s: %s is missing", name, file))
				}
			}
		}
	}
	if n == 0 {
		return 0, fmt.Errorf("%s: the provider serves nothing", schemaFile)
	}
	return n, errors.Join(missing...)
}

// load reads a file with the schema of one provider.
func load(file string) (provider, error) {
	var schemas struct {
		Providers map[string]provider `json:"provider_schemas"`
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return provider{}, err
	}
	if err := json.Unmarshal(data, &schemas); err != nil {
		return provider{}, fmt.Errorf("%s: %w", file, err)
	}
	for _, p := range schemas.Providers {
		return p, nil
	}
	return provider{}, fmt.Errorf("%s: no provider", file)
}
