// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"bytes"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// providerKiller is a proxy in front of the sandbox that kills the provider at
// one of its writes: before the sandbox gets it or, for creates, once it is done.
type providerKiller struct {
	t           *testing.T
	next        http.Handler
	cli         atomic.Int64 // the process whose providers are killed
	at          int64        // the number of the write, from 1
	afterCreate bool         // whether only creates count, and are done first
	writes      atomic.Int64
}

func (k *providerKiller) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	counts := r.Method != http.MethodGet
	if k.afterCreate {
		counts = r.Method == http.MethodPost && r.URL.Path == "/webhooks"
	}
	if !counts || k.writes.Add(1) != k.at {
		k.next.ServeHTTP(w, r)
		return
	}
	if k.afterCreate {
		k.next.ServeHTTP(httptest.NewRecorder(), r)
	}
	k.kill()
	panic(http.ErrAbortHandler)
}

// kill kills the providers that the CLI has started.
func (k *providerKiller) kill() {
	killed := 0
	processes, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		k.t.Error(err)
	}
	for _, path := range processes {
		stat, err := os.ReadFile(path)
		if err != nil {
			continue // It has ended meanwhile.
		}
		// The file begins with: pid (name) state parent
		name, rest, _ := bytes.Cut(stat[bytes.IndexByte(stat, '(')+1:], []byte(") "))
		parent := string(bytes.Fields(rest)[1])
		ofCLI := parent == strconv.FormatInt(k.cli.Load(), 10)
		if !ofCLI || !strings.HasPrefix("terraform-provider-digitalriver", string(name)) {
			continue
		}
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		if err == nil && syscall.Kill(pid, syscall.SIGKILL) == nil {
			killed++
		}
	}
	if killed == 0 {
		k.t.Error("no provider to kill")
	}
}

func killConfig(base string, generation int) string {
	config := fmt.Sprintf(`
provider "digitalriver" {
  api_key             = %q
  base_url            = %q
  requests_per_second = 1000
}

resource "digitalriver_webhook" "kept" {
  count   = 3
  address = "https://example.com/%d/kept/${count.index}"
  types   = ["order.accepted"]
}
`, testKey, base, generation)
	if generation == 1 {
		return config + `
resource "digitalriver_webhook" "removed" {
  count   = 3
  address = "https://example.com/removed/${count.index}"
  types   = ["order.accepted"]
}
`
	}
	return config + `
resource "digitalriver_webhook" "added" {
  count   = 5
  address = "https://example.com/added/${count.index}"
  types   = ["order.accepted", "refund.failed"]
}

resource "digitalriver_webhook_secret_rotation" "added" {
  count      = 2
  webhook_id = digitalriver_webhook.kept[count.index].id
}
`
}

// suggestedID is the id in the import block that a warning suggests.
var suggestedID = regexp.MustCompile(`id = "([^"]+)"`)

// TestAccKill kills the provider in the middle of an apply that creates,
// changes, rotates and deletes. The next plan's warnings name every webhook that
// was created and is not in state; after its import, an apply succeeds.
func TestAccKill(t *testing.T) {
	for at := int64(1); at <= 5; at++ {
		t.Run(fmt.Sprintf("before write %d", 2*at-1), func(t *testing.T) {
			t.Parallel()
			testKill(t, &providerKiller{t: t, at: 2*at - 1})
		})
		t.Run(fmt.Sprintf("after create %d", at), func(t *testing.T) {
			t.Parallel()
			testKill(t, &providerKiller{t: t, at: at, afterCreate: true})
		})
	}
}

func testKill(t *testing.T, k *providerKiller) {
	api, w := startSandbox(t), newWorkspace(t)
	w.requireImportBlocks()
	w.apply(killConfig(api.url, 1))

	k.next = api.handler
	server := httptest.NewServer(k)
	defer server.Close()
	w.write("main.tf", killConfig(server.URL, 2))
	command := w.command("apply", "-auto-approve", "-no-color")
	var out bytes.Buffer
	command.Stdout, command.Stderr = &out, &out
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	k.cli.Store(int64(command.Process.Pid))
	if err := command.Wait(); err == nil {
		t.Fatalf("the apply succeeded although its provider was killed:\n%s", out.String())
	}
	server.Close() // It waits for the requests in flight.
	w.write("main.tf", killConfig(api.url, 2))

	orphans := orphansOf(api, w.state())
	if k.afterCreate && len(orphans) == 0 {
		t.Error("no webhook was orphaned")
	}
	warned, imports := []string{}, ""
	for _, d := range w.mustJSON("plan") {
		if !strings.HasPrefix(d.Summary, duplicateWarning) {
			continue
		}
		id := suggestedID.FindStringSubmatch(d.Detail)[1]
		warned = append(warned, id)
		imports += fmt.Sprintf("import {\n  to = %s\n  id = %q\n}\n", d.Address, id)
	}
	slices.Sort(warned)
	if diff := cmp.Diff(orphans, warned); diff != "" {
		t.Errorf("webhooks that the kill orphaned, and those in warnings (-orphaned +in warnings):\n%s", diff)
	}

	w.write("imports.tf", imports)
	w.must("apply", "-auto-approve")
	w.mustBeClean()
	if diff := api.diffState(w.state()); diff != "" {
		t.Errorf("state and API differ (-state +API):\n%s", diff)
	}
	if got := len(api.webhooks(testKey)); got != 8 {
		t.Errorf("%d webhooks, want 8", got)
	}
	if !t.Failed() {
		t.Logf("%d orphaned, found and imported; 0 duplicates, 0 lost", len(orphans))
	}
}

// orphansOf are the ids of the webhooks in the account that are not in state.
func orphansOf(api *sandboxAPI, state map[string]instance) []string {
	orphans := map[string]bool{}
	for _, webhook := range api.webhooks(testKey) {
		orphans[webhook.(object)["id"].(string)] = true
	}
	for _, webhook := range instancesOf("digitalriver_webhook", state) {
		delete(orphans, webhook.Attributes["id"].(string))
	}
	return append([]string{}, slices.Sorted(maps.Keys(orphans))...)
}
