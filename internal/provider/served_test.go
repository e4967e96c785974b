package provider

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"github.com/hashicorp/go-version"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6/tf6server"
	"github.com/hashicorp/terraform-plugin-testing/tfversion"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/digitalriver"
)

// skippingClock is a clock on which whoever sleeps wakes up at once, and later.
type skippingClock struct{ testClock }

func (c *skippingClock) Sleep(ctx context.Context, d time.Duration) error {
	c.advance(d)
	return ctx.Err()
}

// registries are the hosts that Terraform and OpenTofu mean by a provider's
// source without a host.
var registries = []string{"registry.terraform.io", "registry.opentofu.org"}

// serve lets the commands of a workspace use providers of this process, each
// under its name in digitalriver/ and on its clock.
func (w *workspace) serve(clocks map[string]digitalriver.Clock) {
	w.t.Helper()
	type address struct{ Network, String string }
	type reattach struct {
		Protocol             string
		ProtocolVersion, Pid int
		Test                 bool
		Addr                 address
	}
	servers, required := map[string]reattach{}, ""
	for name, clock := range clocks {
		served := serveProvider(w.t, clock)
		for _, registry := range registries {
			servers[registry+"/digitalriver/"+name] = reattach{
				Protocol: string(served.Protocol), ProtocolVersion: 6, Pid: served.Pid, Test: true,
				Addr: address{served.Addr.Network(), served.Addr.String()},
			}
		}
		required += fmt.Sprintf("    %s = {\n      source = \"digitalriver/%s\"\n    }\n", name, name)
	}
	encoded, err := json.Marshal(servers)
	if err != nil {
		w.t.Fatal(err)
	}
	w.env = append(w.env, "TF_REATTACH_PROVIDERS="+string(encoded))
	w.write("versions.tf", "terraform {\n  required_providers {\n"+required+"  }\n}\n")
}

func serveProvider(t *testing.T, clock digitalriver.Clock) *plugin.ReattachConfig {
	t.Helper()
	server := newServer(newProvider("test", clock))
	ctx, stop := context.WithCancel(context.Background())
	started, ended := make(chan *plugin.ReattachConfig), make(chan struct{})
	failed := make(chan error, 1)
	go func() {
		failed <- tf6server.Serve(Address, func() tfprotov6.ProviderServer { return server },
			tf6server.WithDebug(ctx, started, ended), tf6server.WithGoPluginLogger(hclog.NewNullLogger()), tf6server.WithLoggingSink(t))
	}()
	select {
	case config := <-started:
		t.Cleanup(func() {
			stop()
			<-ended
		})
		return config
	case err := <-failed:
		stop()
		t.Fatalf("the provider could not be served: %v", err)
		return nil
	}
}

// require skips the test on an older command line.
func (w *workspace) require(minimum *version.Version) {
	w.t.Helper()
	var is struct {
		Version string `json:"terraform_version"`
	}
	if _, out := w.run("version", "-json"); json.Unmarshal([]byte(out), &is) != nil {
		w.t.Fatalf("version: %s", out)
	}
	var resp tfversion.CheckTerraformVersionResponse
	tfversion.SkipBelow(minimum).CheckTerraformVersion(w.t.Context(),
		tfversion.CheckTerraformVersionRequest{TerraformVersion: version.Must(version.NewVersion(is.Version))}, &resp)
	if resp.Skip != "" {
		w.t.Skip(resp.Skip)
	}
}

// message is a diagnostic of a command that ran with -json.
type message struct {
	Severity string `json:"severity"`
	Summary  string `json:"summary"`
	Detail   string `json:"detail"`
	Address  string `json:"address"`
}

func (m message) String() string {
	return fmt.Sprintf("%s: %s: %s: %s", m.Address, m.Severity, m.Summary, strings.Join(strings.Fields(m.Detail), " "))
}

// messages runs a command with -json and returns its diagnostics.
func (w *workspace) messages(args ...string) (int, []message) {
	w.t.Helper()
	code, out := w.run(append(args, "-json")...)
	var found []message
	for line := range strings.Lines(out) {
		var entry struct {
			Diagnostic *message `json:"diagnostic"`
		}
		if json.Unmarshal([]byte(line), &entry) != nil {
			w.t.Fatalf("%s: exit code %d\n%s", strings.Join(args, " "), code, out)
		}
		if entry.Diagnostic != nil {
			found = append(found, *entry.Diagnostic)
		}
	}
	return code, found
}

// errorsOf are the errors among messages, as text.
func errorsOf(messages []message) []string {
	var found []string
	for _, m := range messages {
		if m.Severity == "error" {
			found = append(found, m.String())
		}
	}
	return found
}

// about are the messages that speak of the objects with a name, or of the
// webhook with an id. What is no longer configured has no address; what then
// names no webhook either is about all.
func about(messages []message, name, id string) []message {
	return slices.DeleteFunc(slices.Clone(messages), func(m message) bool {
		if m.Address != "" {
			return !strings.HasSuffix(m.Address, "."+name)
		}
		detail := strings.ToLower(m.Detail)
		return strings.Contains(detail, "webhook \"") && !strings.Contains(detail, webhookName(id))
	})
}

// instance is one object in state.
type instance struct {
	Status     string `json:"status"` // "tainted", or empty
	Key        any    `json:"index_key"`
	Attributes object `json:"attributes"`
}

// state returns the objects in state by their address.
func (w *workspace) state() map[string]instance {
	w.t.Helper()
	found := map[string]instance{}
	raw, err := os.ReadFile(w.dir + "/terraform.tfstate")
	if os.IsNotExist(err) || len(bytes.TrimSpace(raw)) == 0 {
		return found
	}
	var state struct {
		Resources []struct {
			Mode      string     `json:"mode"`
			Type      string     `json:"type"`
			Name      string     `json:"name"`
			Instances []instance `json:"instances"`
		} `json:"resources"`
	}
	if err := json.Unmarshal(raw, &state); err != nil {
		w.t.Fatalf("terraform.tfstate: %v", err)
	}
	for _, r := range state.Resources {
		address := r.Type + "." + r.Name
		if r.Mode == "data" {
			address = "data." + address
		}
		for _, i := range r.Instances {
			switch key := i.Key.(type) {
			case string:
				found[fmt.Sprintf("%s[%q]", address, key)] = i
			case float64:
				found[fmt.Sprintf("%s[%v]", address, key)] = i
			default:
				found[address] = i
			}
		}
	}
	return found
}

// of are the objects in state whose address begins with a type, without the
// type.
func of(state map[string]instance, kind string) map[string]instance {
	found := map[string]instance{}
	for address, i := range state {
		if name, ok := strings.CutPrefix(address, kind+"."); ok {
			found[name] = i
		}
	}
	return found
}

// facts are what state and the API both hold of a webhook and its secrets.
type facts struct {
	Address, Types string
	Enabled        bool
	NewestSecret   string // empty where state does not hold it
}

func typesText(types any) string {
	names := []string{}
	for _, name := range types.([]any) {
		names = append(names, name.(string))
	}
	slices.Sort(names)
	return strings.Join(names, " ")
}

func factsOf(webhook object) facts {
	return facts{Address: webhook["address"].(string), Types: typesText(webhook["types"]), Enabled: webhook["enabled"].(bool)}
}

// disagreement tells how the webhooks in the account differ from those in
// state; it is empty where they agree one to one.
func (a *sandboxAPI) disagreement(state map[string]instance) string {
	a.t.Helper()
	rotations := map[string]string{}
	for _, i := range of(state, "digitalriver_webhook_secret_rotation") {
		rotations[i.Attributes["webhook_id"].(string)] = i.Attributes["secret_id"].(string)
	}
	inState, problems := map[string]facts{}, ""
	for name, i := range of(state, "digitalriver_webhook") {
		id := i.Attributes["id"].(string)
		if _, twice := inState[id]; twice || i.Status != "" {
			problems += fmt.Sprintf("%s (%s %s) is in state twice, or tainted\n", id, name, i.Status)
		}
		f := factsOf(i.Attributes)
		f.NewestSecret = rotations[id]
		inState[id] = f
	}
	inAPI := map[string]facts{}
	for _, entry := range a.webhooks(testKey) {
		webhook := entry.(object)
		id := webhook["id"].(string)
		f := factsOf(webhook)
		if _, rotated := rotations[id]; rotated {
			f.NewestSecret = a.secrets(id)[0].(object)["id"].(string)
		}
		inAPI[id] = f
	}
	for id := range rotations {
		if _, there := inAPI[id]; !there {
			problems += fmt.Sprintf("a rotation of %s is in state, which does not exist\n", id)
		}
	}
	return problems + cmp.Diff(inState, inAPI)
}
