// Command docscheck checks that everything a provider serves has a page and an
// example: tfplugindocs validate passes over a folder that is missing as a whole.
//
// Usage: docscheck ROOT SCHEMA, with SCHEMA relative to ROOT.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// provider is the part of `providers schema -json` that names what is served.
type provider struct {
	Resources   map[string]json.RawMessage `json:"resource_schemas"`
	DataSources map[string]json.RawMessage `json:"data_source_schemas"`
	Ephemeral   map[string]json.RawMessage `json:"ephemeral_resource_schemas"`
	Functions   map[string]json.RawMessage `json:"functions"`
}

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: docscheck ROOT SCHEMA")
		os.Exit(2)
	}
	n, err := check(os.Args[1], os.Args[2])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Printf("docscheck: all %d pages and examples are there\n", n)
}

// check returns how many things the provider of the schema serves, and one
// error for each file that they lack.
func check(root, schema string) (int, error) {
	p, err := load(filepath.Join(root, schema))
	if err != nil {
		return 0, err
	}
	n := 0
	var missing error
	for _, kind := range []struct {
		folder, example string
		served          map[string]json.RawMessage
	}{
		{"resources", "resource.tf", p.Resources},
		{"data-sources", "data-source.tf", p.DataSources},
		{"ephemeral-resources", "ephemeral-resource.tf", p.Ephemeral},
		{"functions", "function.tf", p.Functions},
	} {
		for name := range kind.served {
			n++
			page := strings.TrimPrefix(name, "digitalriver_") + ".md"
			missing = errors.Join(missing,
				exists(root, "docs", kind.folder, page),
				exists(root, "examples", kind.folder, name, kind.example))
		}
	}
	if n == 0 {
		return 0, errors.New("the schema serves nothing")
	}
	return n, missing
}

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
	return provider{}, fmt.Errorf("%s: no provider in it", file)
}

func exists(elem ...string) error {
	_, err := os.Stat(filepath.Join(elem...))
	return err
}
