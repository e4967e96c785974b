// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

// Command bench measures how long plans and applies take with this provider, and how
// many requests the API receives. It compares with two other providers: the floor, a
// minimal one, and the echo, which has this provider's schema but does nothing. It
// prints a table, and writes it to a CSV file, a chart and README.md, which explains
// what is measured.
package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"strings"
)

func main() {
	log.SetFlags(0)
	cli := flag.String("cli", "terraform", "`path` of terraform or tofu")
	only := flag.String("only", "", "take only the measurements whose names match this `regexp`")
	runs := flag.Int("runs", 5, "run each command this many times and report the median")
	out := flag.String("out", "", "write the results into this `folder`, which has a README.md to update")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := measure(ctx, *cli, *only, *runs, *out); err != nil {
		log.Fatal(err)
	}
}

// bench holds what all measurements share.
type bench struct {
	cli     string // path of terraform or tofu
	version string // what the CLI's version command prints
	runs    int    // how many times to run each command; the median counts
	dir     string // temporary folder for everything that is built and written
}

// measure takes the measurements whose names match a regular expression and reports
// the results.
func measure(ctx context.Context, cli, only string, runs int, out string) error {
	if runs < 1 {
		return fmt.Errorf("-runs=%d: at least one run is needed", runs)
	}
	dir, err := os.MkdirTemp("", "bench-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	b := &bench{cli: cli, runs: runs, dir: dir}
	measurements, err := b.matching(only)
	if err != nil {
		return err
	}
	if err := b.prepare(ctx); err != nil {
		return err
	}
	report := newReport(b)
	for _, m := range measurements {
		log.Printf("measuring: %s", m.name)
		rows, err := m.take(ctx)
		if err != nil {
			return fmt.Errorf("%s: %w", m.name, err)
		}
		for _, row := range rows {
			row.work = cmp.Or(row.work, m.name)
			report.rows = append(report.rows, row)
		}
	}
	if err := report.print(os.Stdout); err != nil {
		return err
	}
	if out == "" {
		return nil
	}
	return report.write(out)
}

// matching returns the measurements whose names match a regular expression.
func (b *bench) matching(expression string) ([]measurement, error) {
	pattern, err := regexp.Compile(expression)
	if err != nil {
		return nil, err
	}
	var matching []measurement
	var names []string
	for _, m := range b.measurements() {
		names = append(names, m.name)
		if pattern.MatchString(m.name) {
			matching = append(matching, m)
		}
	}
	if len(matching) == 0 {
		return nil, fmt.Errorf("no measurement matches %q; the measurements are:\n  %s",
			expression, strings.Join(names, "\n  "))
	}
	return matching, nil
}

// file returns the path of a file in the bench's own folder.
func (b *bench) file(elem ...string) string {
	return filepath.Join(append([]string{b.dir}, elem...)...)
}
