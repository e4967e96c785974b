// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

// Package browsertest tests the inspector of the sandbox in a real browser,
// headless Chromium, and takes the screenshots of the pages. `make test-browser`
// runs it on the provider's binary.
package browsertest

import (
	"bufio"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

var (
	binary      = flag.String("binary", "", "the provider's binary")
	screenshots = flag.String("screenshots", "", "the directory to write screenshots to; none if empty")
)

// These end a test that hangs: the time for the whole test, and for one condition.
const (
	timeout     = 3 * time.Minute
	pollTimeout = 30 * time.Second
)

// maxScreenshot is the number of bytes that a screenshot may have.
const maxScreenshot = 300 << 10

// provider returns a command that has the provider's binary on its PATH. It ends
// with the test.
func provider(t *testing.T, name string, args ...string) *exec.Cmd {
	t.Helper()
	if *binary == "" {
		t.Fatal("-binary is missing: run `make test-browser`")
	}
	c := exec.CommandContext(t.Context(), name, args...)
	c.Env = append(os.Environ(), "PATH="+filepath.Dir(*binary)+string(os.PathListSeparator)+os.Getenv("PATH"))
	c.Cancel = func() error { return c.Process.Signal(os.Interrupt) }
	c.WaitDelay = 5 * time.Second
	return c
}

// startSandbox starts the sandbox command on a free port, and returns its URL. It
// runs until the test ends.
func startSandbox(t *testing.T) string {
	t.Helper()
	c := provider(t, *binary, "sandbox", "-listen", "127.0.0.1:0", "-quiet")
	line := <-startCommand(t, c, c.StdoutPipe)
	base, ok := strings.CutPrefix(line, "Webhooks API sandbox: ")
	if !ok {
		t.Fatalf("the sandbox printed %q", line)
	}
	return base
}

// startCommand starts a command and returns the lines of one of its outputs. The
// command ends with the test.
func startCommand(t *testing.T, c *exec.Cmd, output func() (io.ReadCloser, error)) <-chan string {
	t.Helper()
	pipe, err := output()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	lines := make(chan string, 1000)
	t.Cleanup(func() { _ = c.Wait() })
	go func() {
		defer close(lines)
		for s := bufio.NewScanner(pipe); s.Scan(); {
			lines <- s.Text()
		}
	}()
	return lines
}

// browser is a tab of a headless Chromium.
type browser struct {
	t    *testing.T
	ctx  context.Context
	base string

	mu       sync.Mutex
	problems []string // Errors of the console, and requests to other hosts.
}

// openBrowser opens the inspector of a sandbox in a new browser of the size of a
// desktop. The test fails if the page reports an error, violates its policy, or
// requests anything of another host.
func openBrowser(t *testing.T, base string) *browser {
	t.Helper()
	options := chromedp.DefaultExecAllocatorOptions[:]
	if os.Geteuid() == 0 {
		options = append(options, chromedp.NoSandbox) // Chromium's sandbox does not work for root.
	}
	ctx, cancel := context.WithTimeout(t.Context(), timeout)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewExecAllocator(ctx, options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	b := &browser{t: t, ctx: ctx, base: base}
	if err := chromedp.Listen(ctx, b.observe); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.reportProblems)
	command(b, log.Enable, cdp.Empty{})
	command(b, network.Enable, network.EnableParams{})
	command(b, runtime.Enable, cdp.Empty{})
	b.do(chromedp.EmulateViewport(1200, 760, chromedp.EmulateScale(1.25)), chromedp.Navigate(base+"/"))
	b.waitText("#connection", "Live")
	return b
}

// observe notes what the page must not do.
func (b *browser) observe(event any) {
	problem := ""
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		u, err := url.Parse(e.Request.URL)
		if err != nil || "http://"+u.Host != b.base {
			problem = "request to another host: " + e.Request.URL
		}
	case *log.EventEntryAdded:
		if e.Entry.Level == log.EntryLevelError || e.Entry.Source == log.EntrySourceSecurity {
			problem = "log: " + e.Entry.Text + " " + e.Entry.URL
		}
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.ConsoleAPICalledTypeError || e.Type == runtime.ConsoleAPICalledTypeWarning {
			problem = fmt.Sprintf("console: %s", e.Args[0].Value)
		}
	case *runtime.EventExceptionThrown:
		problem = fmt.Sprintf("exception: %s %+v", e.ExceptionDetails.Text, e.ExceptionDetails.Exception)
	case *page.EventJavascriptDialogOpening:
		problem = "dialog: " + e.Message
	}
	if problem != "" {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.problems = append(b.problems, problem)
	}
}

func (b *browser) reportProblems() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, p := range b.problems {
		b.t.Error(p)
	}
}

// run runs an action and returns its value.
func run[T any](b *browser, action chromedp.Action[T]) T {
	b.t.Helper()
	value, err := chromedp.Run(b.ctx, action)
	b.check(err)
	return value
}

// do runs actions that return no value.
func (b *browser) do(actions ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	b.check(chromedp.Do(b.ctx, actions...))
}

// command sends the browser a command of its protocol.
func command[P, R any](b *browser, c cdp.Command[P, R], params P) {
	b.t.Helper()
	_, err := chromedp.Call(b.ctx, c, params)
	b.check(err)
}

// check ends the test after an error, with what the page shows.
func (b *browser) check(err error) {
	b.t.Helper()
	if err == nil {
		return
	}
	ctx, cancel := context.WithTimeout(b.ctx, 5*time.Second)
	defer cancel()
	text, _ := chromedp.Run(ctx, chromedp.Evaluate[string]("document.body.innerText"))
	b.t.Fatalf("%v\n%s", err, text)
}

// wait waits until a JavaScript expression is true.
func (b *browser) wait(expression string) {
	b.t.Helper()
	b.check(chromedp.Do(b.ctx, chromedp.Poll[chromedp.Void](expression, chromedp.WithPollingTimeout(pollTimeout))))
}

// waitText waits until an element is visible and has a text.
func (b *browser) waitText(selector, text string) {
	b.t.Helper()
	b.wait(fmt.Sprintf(`[...document.querySelectorAll(%s)].some(e => e.checkVisibility() && e.innerText.includes(%s))`,
		quote(selector), quote(text)))
}

// checkText checks that no value is missing in the page's text.
func (b *browser) checkText() {
	b.t.Helper()
	text := evaluate[string](b, "document.body.innerText")
	if found := regexp.MustCompile(`.*\b(undefined|NaN|object Object|Invalid Date)\b.*`).FindString(text); found != "" {
		b.t.Errorf("the page says %q", found)
	}
}

// waitGone waits until no visible element matches.
func (b *browser) waitGone(selector string) {
	b.t.Helper()
	b.wait(fmt.Sprintf(`![...document.querySelectorAll(%s)].some(e => e.checkVisibility())`, quote(selector)))
}

func quote(s string) string {
	q, _ := json.Marshal(s)
	return string(q)
}

// click clicks an element with the mouse.
func (b *browser) click(selector string) {
	b.t.Helper()
	b.do(chromedp.Click(chromedp.CSS(selector), chromedp.NodeVisible))
}

// fill replaces what a field has.
func (b *browser) fill(selector, value string) {
	b.t.Helper()
	b.script(fmt.Sprintf(`document.querySelector(%s).select()`, quote(selector)))
	b.do(chromedp.SendKeys(chromedp.CSS(selector), value))
}

// press presses a key, as a user without a mouse does.
func (b *browser) press(key string) {
	b.t.Helper()
	b.do(chromedp.KeyEvent(key))
}

// choose chooses an option of a select.
func (b *browser) choose(selector, value string) {
	b.t.Helper()
	b.script(fmt.Sprintf(
		`{const s = document.querySelector(%s); s.value = %s; s.dispatchEvent(new Event("input", {bubbles: true}))}`,
		quote(selector), quote(value)))
}

// script runs JavaScript in the page.
func (b *browser) script(code string) {
	b.t.Helper()
	b.do(chromedp.Evaluate[chromedp.Void](code))
}

// evaluate returns the value of a JavaScript expression.
func evaluate[T any](b *browser, expression string) T {
	b.t.Helper()
	return run(b, chromedp.Evaluate[T](expression))
}

// call sends the sandbox a request in test mode, and returns the body of the
// response.
func (b *browser) call(method, path, body string) string {
	b.t.Helper()
	r, err := http.NewRequestWithContext(b.ctx, method, b.base+path, strings.NewReader(body))
	if err != nil {
		b.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer sk_test_sandbox")
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode >= 300 {
		b.t.Fatalf("%s %s: %s %s %v", method, path, response.Status, text, err)
	}
	return string(text)
}

// screenshot writes a screenshot of what the window shows, if one is wanted.
func (b *browser) screenshot(name string) {
	b.t.Helper()
	if *screenshots == "" {
		return
	}
	b.script(`document.activeElement?.blur(); document.querySelector("#message").textContent = ""; scrollTo(0, 0)`)
	png := run(b, chromedp.CaptureScreenshot())
	if len(png) > maxScreenshot {
		b.t.Errorf("%s has %d bytes; at most %d are allowed", name, len(png), maxScreenshot)
	}
	if err := os.WriteFile(filepath.Join(*screenshots, name), png, 0o644); err != nil {
		b.t.Fatal(err)
	}
}
