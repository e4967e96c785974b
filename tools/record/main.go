// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

// Command record runs a command, prints its output, and draws it as an animated SVG
// image of a terminal. `make record` records the demo with it.
package main

import (
	"bufio"
	"context"
	_ "embed"
	"encoding/xml"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"text/template"
	"time"
)

const (
	columns = 112 // characters in a line of the terminal

	longestPause = 1500 * time.Millisecond // how long a recording waits for a line at most
	lastPause    = 6 * time.Second         // how long it shows its end, before it starts again
)

//go:embed terminal.svg.tmpl
var terminal string

func main() {
	log.SetFlags(0)
	out := flag.String("out", "", "write the image to this `file`")
	title := flag.String("title", "", "the `title` of the terminal")
	flag.Parse()
	if *out == "" || flag.NArg() == 0 {
		flag.Usage()
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	lines, err := run(ctx, flag.Args())
	if err != nil {
		log.Fatal(err)
	}
	image, err := draw(*title, lines)
	if err != nil {
		log.Fatal(err)
	}
	if err := os.WriteFile(*out, []byte(image), 0o644); err != nil {
		log.Fatal(err)
	}
}

// line is a line of the output.
type line struct {
	text string
	at   time.Duration // since the first line
}

// run runs a command and returns its output.
func run(ctx context.Context, args []string) ([]line, error) {
	command := exec.CommandContext(ctx, args[0], args[1:]...)
	command.Stderr = os.Stderr
	stdout, err := command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := command.Start(); err != nil {
		return nil, err
	}
	var lines []line
	var start time.Time
	scanner := bufio.NewScanner(io.TeeReader(stdout, os.Stdout))
	for scanner.Scan() {
		if start.IsZero() {
			start = time.Now()
		}
		for _, text := range wrap(scanner.Text()) {
			lines = append(lines, line{text, time.Since(start)})
		}
	}
	if err := scanner.Err(); err != nil {
		return nil, err
	}
	return lines, command.Wait()
}

// wrap splits a line as a terminal does.
func wrap(text string) []string {
	var wrapped []string
	runes := []rune(text)
	for ; len(runes) > columns; runes = runes[columns:] {
		wrapped = append(wrapped, string(runes[:columns]))
	}
	return append(wrapped, string(runes))
}

// frame says how many lines the terminal has printed from a moment on.
type frame struct {
	Percent float64 // of the duration of the recording
	Lines   int
}

// draw returns an image of the lines. It scrolls up when a line is printed, so the
// lines to come are below the part that is shown.
func draw(title string, lines []line) (string, error) {
	var at []time.Duration
	var now, before time.Duration
	for _, l := range lines {
		now += min(l.at-before, longestPause)
		before = l.at
		at = append(at, now)
	}
	duration := now + lastPause
	var frames []frame
	var texts []map[string]string
	for i, l := range lines {
		texts = append(texts, map[string]string{"Class": class(l.text), "Text": l.text})
		f := frame{100 * float64(at[i]) / float64(duration), i + 1}
		if n := len(frames); n > 0 && at[i]-at[i-1] < 20*time.Millisecond {
			frames[n-1].Lines = f.Lines
			continue
		}
		frames = append(frames, f)
	}
	var svg strings.Builder
	err := template.Must(template.New("").Funcs(template.FuncMap{
		"escape": func(text string) (string, error) {
			var b strings.Builder
			err := xml.EscapeText(&b, []byte(text))
			return b.String(), err
		},
		"add":   func(a, b int) int { return a + b },
		"times": func(a, b int) int { return a * b },
	}).Parse(terminal)).Execute(&svg, map[string]any{
		"Title": title, "Lines": texts, "Frames": frames,
		"Seconds": fmt.Sprintf("%.1f", duration.Seconds()),
	})
	return svg.String(), err
}

// class says what a line of the demo is: a heading, a command, or output.
func class(text string) string {
	switch text := strings.TrimSpace(text); {
	case strings.HasPrefix(text, "== "):
		return "heading"
	case strings.HasPrefix(text, "$ "):
		return "command"
	case strings.HasPrefix(text, "| "):
		return "output"
	}
	return ""
}
