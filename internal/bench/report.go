// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"text/tabwriter"
	"time"
)

// report is the table of results.
type report struct {
	title string // versions and machine
	rows  []row
}

// row is one line of the report.
type row struct {
	work     string // what was measured
	measured string // the result with this provider
	floor    string // the result with the floor
	ratio    string // measured / floor
	echo     string // the result with the echo
	requests string // the requests that the API received
	bar      string // the target
	met      bool   // whether the target was met
}

var header = []string{"work", "measured", "floor", "ratio", "echo", "requests", "bar", "verdict"}

func (r row) columns() []string {
	verdict := "met"
	if !r.met {
		verdict = "MISSED"
	}
	return []string{r.work, r.measured, r.floor, r.ratio, r.echo, r.requests, r.bar, verdict}
}

// compare returns a row whose bar is a multiple of the floor's time.
func compare(measured, floor result, bar float64) row {
	ratio := float64(measured.wall) / float64(floor.wall)
	return row{
		measured: seconds(measured.wall),
		floor:    seconds(floor.wall),
		ratio:    fmt.Sprintf("%.2f", ratio),
		bar:      fmt.Sprintf("≤ %.2f × floor", bar),
		met:      ratio <= bar,
	}
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.2f s", d.Seconds()) }

func megabytes(n int64) string { return fmt.Sprintf("%.1f MB", float64(n)/1e6) }

// cliVersion matches the CLI's name and version in the output of its version command.
var cliVersion = regexp.MustCompile(`(Terraform|OpenTofu) v\S+`)

func newReport(b *bench) *report {
	return &report{title: fmt.Sprintf("%s, %s, %s/%s, %d cores; medians of %d",
		cliVersion.FindString(b.version), runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), b.runs)}
}

// The results of the last full run, in the folder of this package.
const (
	csvFile    = "results.csv"
	chartFile  = "results.svg"
	readmeFile = "README.md"
)

// table returns the header and the rows.
func (r *report) table() [][]string {
	table := [][]string{header}
	for _, row := range r.rows {
		table = append(table, row.columns())
	}
	return table
}

func (r *report) print(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintf(w, "%s\n\n", r.title)
	for _, columns := range r.table() {
		_, _ = fmt.Fprintln(w, strings.Join(columns, "\t"))
	}
	return w.Flush()
}

// write writes the table to a CSV file, and what is made from it: the chart, and the
// table of README.md.
func (r *report) write(dir string) error {
	var table bytes.Buffer
	_, _ = fmt.Fprintf(&table, "# %s\n", r.title)
	if err := csv.NewWriter(&table).WriteAll(r.table()); err != nil {
		return err
	}
	chart, err := drawChart(r.title, r.rows)
	if err != nil {
		return err
	}
	readme, err := os.ReadFile(filepath.Join(dir, readmeFile))
	if err != nil {
		return err
	}
	return errors.Join(
		os.WriteFile(filepath.Join(dir, csvFile), table.Bytes(), 0o644),
		os.WriteFile(filepath.Join(dir, chartFile), []byte(chart), 0o644),
		os.WriteFile(filepath.Join(dir, readmeFile), r.intoReadme(readme), 0o644),
	)
}

// results matches the part of README.md that a run writes.
var results = regexp.MustCompile(`(?s)(<!-- make bench writes these results\. -->\n).*?(<!-- End of results\. -->)`)

// intoReadme returns README.md with these results.
func (r *report) intoReadme(readme []byte) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "\n%s.\n\n", r.title)
	for i, columns := range r.table() {
		fmt.Fprintf(&b, "| %s |\n", strings.Join(columns, " | "))
		if i == 0 {
			b.WriteString(strings.Repeat("| --- ", len(columns)) + "|\n")
		}
	}
	return results.ReplaceAll(readme, []byte("${1}"+b.String()+"\n${2}"))
}

// readReport reads the CSV file of a report.
func readReport(dir string) (*report, error) {
	content, err := os.ReadFile(filepath.Join(dir, csvFile))
	if err != nil {
		return nil, err
	}
	title, table, _ := strings.Cut(strings.TrimPrefix(string(content), "# "), "\n")
	records, err := csv.NewReader(strings.NewReader(table)).ReadAll()
	if err != nil {
		return nil, err
	}
	r := &report{title: title}
	for _, c := range records[1:] {
		r.rows = append(r.rows, row{c[0], c[1], c[2], c[3], c[4], c[5], c[6], c[7] == "met"})
	}
	return r, nil
}
