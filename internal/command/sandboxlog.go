// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package command

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"sync"
	"time"
)

// sandboxLog is what the sandbox command writes to standard error.
type sandboxLog struct {
	w      io.Writer
	format string // text or json
	quiet  bool   // Only warnings.
}

// logger returns the sandbox's logger, which is nil if it is to be quiet.
func (l sandboxLog) logger() *slog.Logger {
	switch {
	case l.quiet:
		return nil
	case l.format == "json":
		return l.json()
	}
	return slog.New(&textHandler{w: l.w, coloured: wantsColour(l.w)})
}

func (l sandboxLog) json() *slog.Logger { return slog.New(slog.NewJSONHandler(l.w, nil)) }

func (l sandboxLog) warn(message string) {
	if l.format == "json" {
		l.json().Warn(message)
		return
	}
	_, _ = fmt.Fprintln(l.w, "Warning: "+message)
}

// temporaryFile stands for the name of a data file that nobody chose.
const temporaryFile = "a temporary file"

// started says what to know at the start, with what to copy.
func (l sandboxLog) started(url, data string, seed uint64) {
	switch {
	case l.quiet:
	case l.format == "json":
		l.json().Info("sandbox started", "url", url, "data", data, "seed", seed)
	default:
		if data == temporaryFile {
			data += ", which is deleted at the end (-data FILE keeps one)"
		}
		_, _ = fmt.Fprintf(l.w, "Data in %s, seed %d. Ctrl-C ends the sandbox.\n"+
			"To see what happens, and to send events, open the inspector in a browser:\n"+
			"  %s/\n"+
			"To use it with Terraform:\n"+
			"  export DIGITALRIVER_BASE_URL=%[3]s\n"+
			"  export DIGITALRIVER_API_KEY=sk_test_sandbox\n", data, seed, url)
	}
}

// textHandler writes the sandbox's log as lines for people.
type textHandler struct {
	mu       sync.Mutex
	w        io.Writer
	coloured bool
}

// textForms are the forms of attributes in a line, which has them in the order of
// the record.
var textForms = map[string]string{
	"method":      "  %v",
	"path":        " %v",
	"eventType":   "  %v",
	"eventId":     "  event %v",
	"webhookId":   "  webhook %v",
	"webhooks":    "  webhooks %v",
	"id":          "  delivery %v",
	"attempt":     "  attempt %v",
	"outcome":     "  %v",
	"status":      "  status %v",
	"durationMs":  "  %v ms",
	"fault":       "  fault %v",
	"reason":      ": %v",
	"nextAttempt": "; next attempt at %v",
}

// colours are the escape sequences for the message of a record.
var colours = map[slog.Level]string{
	slog.LevelInfo: "\x1b[32m", slog.LevelWarn: "\x1b[33m", slog.LevelError: "\x1b[31m",
}

// Enabled implements [slog.Handler].
func (h *textHandler) Enabled(context.Context, slog.Level) bool { return true }

// WithAttrs implements [slog.Handler]. The sandbox does not use it.
func (h *textHandler) WithAttrs([]slog.Attr) slog.Handler { return h }

// WithGroup implements [slog.Handler]. The sandbox does not use it.
func (h *textHandler) WithGroup(string) slog.Handler { return h }

// Handle implements [slog.Handler].
func (h *textHandler) Handle(_ context.Context, r slog.Record) error {
	var line strings.Builder
	message := r.Message
	if h.coloured {
		message = colours[r.Level] + message + "\x1b[0m"
	}
	fmt.Fprintf(&line, "%s  %s", r.Time.Format(time.RFC3339), message)
	r.Attrs(func(a slog.Attr) bool {
		value := a.Value.Any()
		switch v := value.(type) {
		case time.Time:
			value = v.Format(time.RFC3339)
			if a.Key == "nextAttempt" && !v.After(r.Time) {
				value = "once" // It was due before, because the clock was advanced.
			}
		case int64:
			if a.Key == "status" && v == 0 {
				return true // There was no response.
			}
		}
		form, known := textForms[a.Key]
		if !known {
			form = "  " + a.Key + "=%v"
		}
		fmt.Fprintf(&line, form, value)
		return true
	})
	line.WriteByte('\n')
	h.mu.Lock()
	defer h.mu.Unlock()
	_, err := io.WriteString(h.w, line.String())
	return err
}

// wantsColour reports whether w is a terminal whose user has not asked for no
// colour; see https://no-color.org.
func wantsColour(w io.Writer) bool {
	file, ok := w.(*os.File)
	if !ok || os.Getenv("NO_COLOR") != "" {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
