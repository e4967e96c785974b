// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

//go:build unix

package provider

import (
	"bufio"
	"io"
	"strings"
	"syscall"
	"testing"
)

const interruptedConfig = `
resource "digitalriver_webhook" "first" {
  address = "https://example.com/{path}"
  types   = ["order.accepted"]
}
`

// TestAccInterrupt presses Ctrl-C while the provider waits for as long as the API
// has asked: Terraform ends, and everything done so far is in state. The API asks
// for more time than a test has, so that without the interrupt this would hang.
func TestAccInterrupt(t *testing.T) {
	api, w := startSandbox(t), newWorkspace(t)
	w.apply(api.config(strings.ReplaceAll(interruptedConfig, "{path}", "before")))

	w.write("main.tf", api.configWith(testKey, `  request_timeout = "24h"`,
		strings.ReplaceAll(interruptedConfig, "{path}", "after")+`
resource "digitalriver_webhook" "second" {
  address    = "https://example.com/second"
  types      = ["order.accepted"]
  depends_on = [digitalriver_webhook.first]
}
`))
	api.faults(object{"method": "POST", "path": "/webhooks", "kind": "status", "status": 429, "retryAfter": 12 * 60 * 60})
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
	interrupted := false
	lines := bufio.NewScanner(reader)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		out.WriteString(lines.Text() + "\n")
		if !interrupted && strings.Contains(lines.Text(), "waiting as requested by the API") {
			interrupted = true
			// To the whole group: a terminal sends the signal to the provider too.
			if err := syscall.Kill(-command.Process.Pid, syscall.SIGINT); err != nil {
				t.Error(err)
			}
		}
	}
	if err := <-ended; !interrupted || err == nil {
		t.Fatalf("the apply did not wait and end in an error: %v\n%s", err, out.String())
	}
	if !strings.Contains(out.String(), "Terraform was interrupted") {
		t.Errorf("the error does not say that Terraform was interrupted:\n%s", out.String())
	}

	api.faults()
	state := w.state()
	webhooks := instancesOf("digitalriver_webhook", state)
	if len(webhooks) != 1 || webhooks["first"].Attributes["address"] != "https://example.com/after" {
		t.Errorf("state does not hold the changes made: %v", webhooks)
	}
	if diff := api.diffState(state); diff != "" {
		t.Errorf("state and API differ (-state +API):\n%s", diff)
	}
	w.must("apply", "-auto-approve")
	w.mustBeClean()
}
