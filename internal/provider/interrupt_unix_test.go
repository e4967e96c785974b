//go:build unix

package provider

import (
	"bufio"
	"io"
	"strings"
	"syscall"
	"testing"
	"time"
)

const interruptedConfig = `
resource "digitalriver_webhook" "first" {
  address = "https://example.com/{path}"
  types   = ["order.accepted"]
}
`

// TestAccInterrupt presses Ctrl-C while the API has asked to wait: Terraform
// ends at once, and what was done is in state.
func TestAccInterrupt(t *testing.T) {
	const asked = 2 * time.Minute
	api, w := startSandbox(t), newWorkspace(t)
	w.write("main.tf", api.config(strings.ReplaceAll(interruptedConfig, "{path}", "before")))
	w.must("apply", "-auto-approve")

	w.write("main.tf", api.config(strings.ReplaceAll(interruptedConfig, "{path}", "after")+`
resource "digitalriver_webhook" "second" {
  address    = "https://example.com/second"
  types      = ["order.accepted"]
  depends_on = [digitalriver_webhook.first]
}
`))
	api.faults(object{"method": "POST", "path": "/webhooks", "kind": "status", "status": 429, "retryAfter": int(asked.Seconds())})
	command := w.command("apply", "-auto-approve", "-no-color")
	command.Env = append(command.Env, "TF_LOG_PROVIDER=DEBUG")
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	reader, writer := io.Pipe()
	command.Stdout, command.Stderr = writer, writer
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() {
		err := command.Wait()
		_ = writer.Close()
		ended <- err
	}()

	var out strings.Builder
	var pressed time.Time
	lines := bufio.NewScanner(reader)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		out.WriteString(lines.Text() + "\n")
		if pressed.IsZero() && strings.Contains(lines.Text(), "waiting as the API asked for") {
			pressed = time.Now()
			// A terminal sends it to the provider too.
			if err := syscall.Kill(-command.Process.Pid, syscall.SIGINT); err != nil {
				t.Error(err)
			}
		}
	}
	err := <-ended
	took := time.Since(pressed)
	if pressed.IsZero() || err == nil {
		t.Fatalf("the apply did not come to wait and end in an error: %v\n%s", err, out.String())
	}
	if took > asked/4 {
		t.Errorf("it took %s to end, of a wait of %s:\n%s", took, asked, out.String())
	}
	if !strings.Contains(out.String(), "Terraform was interrupted") {
		t.Errorf("the error does not say that it was interrupted:\n%s", out.String())
	}

	api.faults()
	state := w.state()
	if got := of(state, "digitalriver_webhook"); len(got) != 1 || got["first"].Attributes["address"] != "https://example.com/after" {
		t.Errorf("state does not hold what was done: %v", got)
	}
	if diff := api.disagreement(state); diff != "" {
		t.Errorf("state and API differ (-state +API):\n%s", diff)
	}
	w.must("apply", "-auto-approve")
	w.mustBeClean()
	t.Logf("ended %s after Ctrl-C", took.Round(time.Millisecond))
}
