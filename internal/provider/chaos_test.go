package provider

import (
	"context"
	"flag"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/digitalriver"
	"github.com/digitalriver/terraform-provider-digitalriver/internal/sandbox"
)

var chaosFull = flag.Bool("chaos", false, "run TestAccChaos in full: 200 webhooks and three seeds")

// fastClock goes a hundred times as fast as real time, so that those who wait
// at the same time still do.
type fastClock struct{ start time.Time }

const fastness = 100

func (c fastClock) Now() time.Time { return c.start.Add(fastness * time.Since(c.start)) }

func (c fastClock) Sleep(ctx context.Context, d time.Duration) error {
	return digitalriver.SystemClock{}.Sleep(ctx, d/fastness)
}

// chaosShare is how many of all answers fail.
const chaosShare = 0.2

// chaosRules let chaosShare of the answers fail, by each kind as often, and
// some more be slow.
func chaosRules() []object {
	kinds := []object{
		{"kind": "status", "status": 429},
		{"kind": "status", "status": 429, "retryAfter": 1},
		{"kind": "status", "status": 500},
		{"kind": "status", "status": 503, "retryAfter": 1},
		{"kind": "status", "status": 408},
		{"kind": "html", "status": 502},
		{"kind": "html", "status": 200},
		{"kind": "reset_before"},
		{"kind": "reset_after"},
		{"kind": "hang", "delay": "1ms"},
		{"kind": "truncate"},
	}
	each := chaosShare / float64(len(kinds))
	for i, rule := range kinds {
		// Rules are tried in order: one gets what those before have left.
		rule["probability"] = each / (1 - each*float64(i))
	}
	return append(kinds, object{"kind": "slow", "delay": "1ms", "probability": each})
}

// chaos is a run of Terraform against an account whose answers fail.
type chaos struct {
	t   *testing.T
	api *sandboxAPI
	w   *workspace

	webhooks, rotations int

	faults, applies, duplicates, lost, twice int
}

// config has some webhooks that are alike, which only their ids tell apart.
func (c *chaos) config(generation int) string {
	return c.api.config(fmt.Sprintf(`
resource "digitalriver_webhook" "chaos" {
  count   = %d
  address = "https://example.com/%d/${count.index %% %d}"
  types   = ["order.accepted", "refund.failed"]
}

resource "digitalriver_webhook_secret_rotation" "chaos" {
  count      = %d
  webhook_id = digitalriver_webhook.chaos[count.index].id
  triggers   = { generation = %d }
}
`, c.webhooks, generation, c.webhooks*19/20, c.rotations, generation))
}

// until runs a command under faults, up to three times, until it succeeds and a
// plan without faults is empty. Then state and account must agree.
func (c *chaos) until(phase string, secrets int, command ...string) {
	c.t.Helper()
	for try := 1; ; try++ {
		c.api.clearRequests()
		c.api.faults(chaosRules()...)
		code, found := c.w.messages(append(command, "-auto-approve")...)
		c.api.faults()
		struck := c.count()
		plan, out := c.w.run("plan", "-detailed-exitcode", "-no-color")
		c.t.Logf("%s, apply %d: %d faults, errors: %q, plan's exit code %d", phase, try, struck, errorsOf(found), plan)
		c.faults += struck
		c.applies = max(c.applies, try)
		if code == 0 && plan == 0 {
			break
		}
		if try == 3 {
			c.t.Fatalf("%s: exit codes %d and %d after three applies:\n%s\n%s", phase, code, plan, strings.Join(errorsOf(found), "\n"), out)
		}
	}
	c.compare(phase, secrets)
}

// count is how many faults have struck since the last clearing.
func (c *chaos) count() int {
	struck := 0
	for _, entry := range c.api.must(http.MethodGet, "/_sandbox/requests", nil).([]any) {
		if fault := entry.(object)["fault"]; fault != "" && fault != "slow" {
			struck++
		}
	}
	return struck
}

// compare holds state against the account; secrets is how many a rotated
// webhook has now.
func (c *chaos) compare(phase string, secrets int) {
	c.t.Helper()
	state, inState := c.w.state(), map[any]bool{}
	for _, webhook := range of(state, "digitalriver_webhook") {
		inState[webhook.Attributes["id"]] = true
	}
	inAPI := c.api.webhooks(testKey)
	for _, webhook := range inAPI {
		id := webhook.(object)["id"]
		if !inState[id] {
			c.duplicates++
		}
		delete(inState, id)
	}
	c.lost += len(inState)
	for name, rotation := range of(state, "digitalriver_webhook_secret_rotation") {
		if got := len(c.api.secrets(rotation.Attributes["webhook_id"].(string))); got != secrets {
			c.twice++
			c.t.Errorf("%s: %s has %d active secrets, want %d", phase, name, got, secrets)
		}
	}
	if diff := c.api.disagreement(state); diff != "" {
		c.t.Errorf("%s: state and API differ (-state +API):\n%s", phase, diff)
	}
	if want := c.webhooks; secrets > 0 && len(inAPI) != want || secrets == 0 && len(inAPI) != 0 {
		c.t.Errorf("%s: %d webhooks in the account, want %d", phase, len(inAPI), want)
	}
}

// TestAccChaos creates, changes, refreshes and destroys webhooks with rotations
// while a fifth of all answers fail.
func TestAccChaos(t *testing.T) {
	webhooks, seeds := 40, []uint64{1}
	if *chaosFull {
		webhooks, seeds = 200, []uint64{1, 2, 3}
	}
	for _, seed := range seeds {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			t.Parallel()
			c := &chaos{
				t: t, api: startSandboxWith(t, sandbox.Options{RateLimit: "off", Seed: seed}), w: newWorkspace(t),
				webhooks: webhooks, rotations: webhooks / 5,
			}
			c.w.serve(map[string]digitalriver.Clock{"digitalriver": fastClock{start: time.Now()}})

			c.w.write("main.tf", c.config(1))
			c.until("create", 2, "apply")
			c.w.write("main.tf", c.config(2))
			c.until("change", 3, "apply")
			c.until("refresh", 3, "apply", "-refresh-only")
			c.w.write("main.tf", c.api.config(""))
			c.until("destroy", 0, "apply")

			t.Logf("seed %d, %d webhooks, %d rotations: %d faults injected, at most %d applies needed, %d duplicates, %d lost, %d rotated twice",
				seed, c.webhooks, c.rotations, c.faults, c.applies, c.duplicates, c.lost, c.twice)
		})
	}
}
