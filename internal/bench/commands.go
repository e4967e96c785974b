// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Two folders hold provider binaries, each with a CLI configuration that selects them.
const (
	providers     = "providers"      // this provider and the floor
	echoProviders = "echo-providers" // the echo, under this provider's name

	providerBinary = "terraform-provider-digitalriver"
	floorBinary    = "terraform-provider-floor"
	cliConfig      = "cli.tfrc"
)

// prepare builds the providers and asks the CLI for its version.
func (b *bench) prepare(ctx context.Context) error {
	version, err := exec.CommandContext(ctx, b.cli, "version").Output()
	if err != nil {
		return fmt.Errorf("%s version: %w", b.cli, err)
	}
	b.version = string(version)
	for binary, source := range map[string]string{
		b.file(providers, providerBinary):     ".",
		b.file(providers, floorBinary):        "./internal/bench/floor",
		b.file(echoProviders, providerBinary): "./internal/bench/echo",
	} {
		build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags=-s -w", "-o", binary, source)
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := build.CombinedOutput(); err != nil {
			return fmt.Errorf("go build %s: %w\n%s", source, err, out)
		}
	}
	for _, folder := range []string{providers, echoProviders} {
		config := fmt.Sprintf(`provider_installation {
  dev_overrides {
    "bench/digitalriver" = %q
    "bench/floor"        = %[1]q
  }
}
`, b.file(folder))
		if err := os.WriteFile(b.file(folder, cliConfig), []byte(config), 0o600); err != nil {
			return err
		}
	}
	return nil
}

// registry returns the registry that the CLI assumes for a provider source without a host.
func (b *bench) registry() string {
	if strings.Contains(b.version, "OpenTofu") {
		return "registry.opentofu.org"
	}
	return "registry.terraform.io"
}

// result is the cost of one run of the CLI, or the median of several.
type result struct {
	wall time.Duration
	// peak is the largest resident size of the provider's process in bytes, or 0
	// on a system without /proc.
	peak int64
	// requests are the requests that the API received, counted as by takeRequests.
	// In a median, each count is the largest of any run.
	requests map[string]int
}

// command runs the CLI once.
type command func() (result, error)

// run runs the CLI in the workspace. Requests of earlier runs are not counted.
func (w *workspace) run(ctx context.Context, args ...string) (result, error) {
	process := exec.CommandContext(ctx, w.bench.cli, args...)
	process.Dir, process.Env = w.dir, w.env
	var out bytes.Buffer
	process.Stdout, process.Stderr = &out, &out
	start := time.Now()
	if err := process.Start(); err != nil {
		return result{}, err
	}
	done := make(chan struct{})
	peak := make(chan int64)
	go func() { peak <- watchPeak(process.Process.Pid, done) }()
	err := process.Wait()
	wall := time.Since(start)
	close(done)
	r := result{wall: wall, peak: <-peak}
	if err != nil {
		end := out.String()[max(0, out.Len()-3000):]
		return r, fmt.Errorf("%s %s: %w\n%s", w.bench.cli, strings.Join(args, " "), err, end)
	}
	if w.sandbox != nil {
		r.requests, err = w.sandbox.takeRequests()
	}
	return r, err
}

// command returns a command with these arguments.
func (w *workspace) command(ctx context.Context, args ...string) command {
	return func() (result, error) { return w.run(ctx, args...) }
}

// plan returns a plan command. It fails if the plan has changes.
func (w *workspace) plan(ctx context.Context, args ...string) command {
	return w.command(ctx, append([]string{"plan", "-detailed-exitcode"}, args...)...)
}

// create returns an apply command for a workspace without a state. It also destroys
// what it created, which is not part of the result.
func (w *workspace) create(ctx context.Context, args ...string) command {
	return func() (result, error) {
		r, err := w.run(ctx, append([]string{"apply", "-auto-approve"}, args...)...)
		if err != nil {
			return r, err
		}
		_, err = w.run(ctx, "destroy", "-auto-approve", "-parallelism=50")
		return r, err
	}
}

// watchPeak polls the children of a process until done is closed, and returns the
// largest peak resident size of any of them, in bytes.
func watchPeak(parent int, done <-chan struct{}) int64 {
	var peak int64
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-done:
			return peak
		case <-tick.C:
		}
		threads, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", parent))
		for _, thread := range threads {
			children, _ := os.ReadFile(thread)
			for child := range strings.FieldsSeq(string(children)) {
				peak = max(peak, peakOf(child))
			}
		}
	}
}

// peakOf returns the peak resident size of a process in bytes, as Linux counts it.
func peakOf(pid string) int64 {
	status, _ := os.ReadFile(filepath.Join("/proc", pid, "status"))
	for line := range strings.Lines(string(status)) {
		if size, found := strings.CutPrefix(line, "VmHWM:"); found {
			kilobytes, _ := strconv.ParseInt(strings.Fields(size)[0], 10, 64)
			return kilobytes << 10
		}
	}
	return 0
}

// median runs a command b.runs times and returns the median.
func (b *bench) median(c command) (result, error) {
	medians, err := b.medians(c)
	if err != nil {
		return result{}, err
	}
	return medians[0], nil
}

// medians runs each command b.runs times and returns the median of each. The
// commands take turns, so that other load on the machine slows all of them.
func (b *bench) medians(commands ...command) ([]result, error) {
	results := make([][]result, len(commands))
	for range b.runs {
		for i, run := range commands {
			r, err := run()
			if err != nil {
				return nil, err
			}
			results[i] = append(results[i], r)
		}
	}
	medians := make([]result, len(commands))
	for i := range commands {
		medians[i] = medianOf(results[i])
	}
	return medians, nil
}

func medianOf(results []result) result {
	walls, peaks, most := []time.Duration{}, []int64{}, map[string]int{}
	for _, r := range results {
		walls, peaks = append(walls, r.wall), append(peaks, r.peak)
		for kind, count := range r.requests {
			most[kind] = max(most[kind], count)
		}
	}
	slices.Sort(walls)
	slices.Sort(peaks)
	middle := len(results) / 2
	return result{wall: walls[middle], peak: peaks[middle], requests: most}
}
