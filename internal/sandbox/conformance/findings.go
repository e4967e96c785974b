package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// findings are the differences between the sandbox and the service, such as
// "Webhook.liveMode: only in the sandbox".
type findings map[string]bool

func (f findings) add(at, format string, args ...any) {
	f[at+": "+fmt.Sprintf(format, args...)] = true
}

// everyOperation replaces the name of an operation in a finding that all have.
const everyOperation = "every operation"

// generalized returns the findings with those that every operation has as one.
func (f findings) generalized(operations []string) findings {
	count := map[string]int{}
	suffix := func(finding string) string {
		for _, o := range operations {
			if s, ok := strings.CutPrefix(finding, o+": "); ok {
				return s
			}
		}
		return ""
	}
	for finding := range f {
		count[suffix(finding)]++
	}
	general := findings{}
	for finding := range f {
		if s := suffix(finding); s != "" && len(operations) > 1 && count[s] == len(operations) {
			finding = everyOperation + ": " + s
		}
		general[finding] = true
	}
	return general
}

// deviation is a reason why the sandbox differs from the service, and where.
type deviation struct {
	reason   string
	findings []string
}

// report prints the table of deviations, and returns an error if there is a
// finding that is not listed, or one is listed that does not exist.
func (f findings) report(w io.Writer, listed []deviation) error {
	rest := maps.Clone(f)
	var stale []string
	for _, d := range listed {
		_, _ = fmt.Fprintf(w, "\n%s\n", d.reason)
		for _, finding := range d.findings {
			_, _ = fmt.Fprintf(w, "  %s\n", finding)
			if !rest[finding] {
				stale = append(stale, finding)
			}
			delete(rest, finding)
		}
	}
	unlisted := slices.Sorted(maps.Keys(rest))
	for title, list := range map[string][]string{"NOT LISTED": unlisted, "LISTED, BUT NO LONGER TRUE": stale} {
		if len(list) > 0 {
			_, _ = fmt.Fprintf(w, "\n%s\n  %s\n", title, strings.Join(list, "\n  "))
		}
	}
	if len(unlisted)+len(stale) > 0 {
		return fmt.Errorf("%d deviations are not listed, and %d listed ones do not exist: correct the sandbox, "+
			"or the table in deviations.go", len(unlisted), len(stale))
	}
	return nil
}
