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

// killer stands between provider and sandbox and kills the provider at one of
// its changes: before the sandbox sees it or, of creates, once it is done.
type killer struct {
	t       *testing.T
	next    http.Handler
	cli     atomic.Int64 // the process whose providers are killed
	at      int64        // the change, counted from 1
	creates bool         // counts creates alone, and kills once it is done
	seen    atomic.Int64
}

func (k *killer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	counts := r.Method != http.MethodGet
	if k.creates {
		counts = r.Method == http.MethodPost && r.URL.Path == "/webhooks"
	}
	if !counts || k.seen.Add(1) != k.at {
		k.next.ServeHTTP(w, r)
		return
	}
	if k.creates {
		k.next.ServeHTTP(httptest.NewRecorder(), r)
	}
	k.kill()
	panic(http.ErrAbortHandler)
}

// kill kills the providers that the command line has started.
func (k *killer) kill() {
	killed := 0
	processes, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, path := range processes {
		stat, err := os.ReadFile(path)
		if err != nil {
			continue // It has ended meanwhile.
		}
		// pid (name) state parent
		name, rest, _ := bytes.Cut(stat[bytes.IndexByte(stat, '(')+1:], []byte(") "))
		parent := string(bytes.Fields(rest)[1])
		if parent != strconv.FormatInt(k.cli.Load(), 10) || !strings.HasPrefix("terraform-provider-digitalriver", string(name)) {
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

var adoptable = regexp.MustCompile(`id = "([^"]+)"`)

// TestAccKill kills the provider in the middle of an apply that creates,
// changes, rotates and deletes. The next plan's warnings name every webhook
// that was created and did not reach state; import adopts it, and the next
// apply brings all to its end.
func TestAccKill(t *testing.T) {
	for at := int64(1); at <= 5; at++ {
		t.Run(fmt.Sprintf("before change %d", 2*at-1), func(t *testing.T) {
			t.Parallel()
			testKill(t, &killer{t: t, at: 2*at - 1})
		})
		t.Run(fmt.Sprintf("after create %d", at), func(t *testing.T) {
			t.Parallel()
			testKill(t, &killer{t: t, at: at, creates: true})
		})
	}
}

func testKill(t *testing.T, k *killer) {
	api, w := startSandbox(t), newWorkspace(t)
	w.write("main.tf", killConfig(api.url, 1))
	w.must("apply", "-auto-approve")

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
	server.Close() // It waits for the requests that are under way.
	w.write("main.tf", killConfig(api.url, 2))

	orphans := orphansOf(api, w.state())
	if k.creates && len(orphans) == 0 {
		t.Error("no webhook was orphaned")
	}
	code, found := w.messages("plan")
	if code != 0 {
		t.Fatalf("plan: %s", strings.Join(errorsOf(found), "\n"))
	}
	warned, imports := []string{}, ""
	for _, m := range found {
		if !strings.HasPrefix(m.Summary, "Webhook exists already: ") {
			continue
		}
		id := adoptable.FindStringSubmatch(m.Detail)[1]
		warned = append(warned, id)
		imports += fmt.Sprintf("import {\n  to = %s\n  id = %q\n}\n", m.Address, id)
	}
	slices.Sort(warned)
	if diff := cmp.Diff(orphans, warned); diff != "" {
		t.Errorf("webhooks that the kill orphaned, and those warned of (-orphaned +warned):\n%s", diff)
	}

	w.write("imports.tf", imports)
	w.must("apply", "-auto-approve")
	w.mustBeClean()
	if diff := api.disagreement(w.state()); diff != "" {
		t.Errorf("state and API differ (-state +API):\n%s", diff)
	}
	if got := len(api.webhooks(testKey)); got != 8 {
		t.Errorf("%d webhooks, want 8", got)
	}
	if !t.Failed() {
		t.Logf("%d orphaned, found and adopted; 0 duplicates, 0 lost", len(orphans))
	}
}

// orphansOf are the webhooks that are in the account but not in state.
func orphansOf(api *sandboxAPI, state map[string]instance) []string {
	there := map[string]bool{}
	for _, webhook := range api.webhooks(testKey) {
		there[webhook.(object)["id"].(string)] = true
	}
	for _, webhook := range of(state, "digitalriver_webhook") {
		delete(there, webhook.Attributes["id"].(string))
	}
	return append([]string{}, slices.Sorted(maps.Keys(there))...)
}
