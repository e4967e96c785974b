package main

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"io"
	"os"
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

func (r *report) writeCSV(file string) error {
	var out bytes.Buffer
	if err := csv.NewWriter(&out).WriteAll(r.table()); err != nil {
		return err
	}
	return os.WriteFile(file, out.Bytes(), 0o644)
}
