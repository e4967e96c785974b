// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// TestFastPath checks which requests the fast path leaves to the framework, and
// that all responses are the framework's own.
func TestFastPath(t *testing.T) {
	basic := object{"username": "dr", "password": "s3cret"}
	writeOnly := object{"username": "dr", "password_wo": "s3cret", "password_wo_version": 1}
	clientCredentials := object{
		"token_endpoint": "https://example.com/token", "client_id": "dr", "client_secret": "s3cret",
		"grant_type": "client_credentials",
	}
	unknown := tftypes.NewValue(tftypes.String, tftypes.UnknownValue)
	tests := map[string]struct {
		webhook   object // attributes of the webhook in state and in the API, besides address and types
		state     object // attributes of state that differ from the API's
		drift     object // attributes of the API that differ from state
		gone      bool   // whether the API has no such webhook
		config    object // attributes of the configuration, besides address and types
		json      string // the state file's attributes, if they differ from state
		version   int64  // of the schema that wrote the state file
		live      bool   // whether the provider is meant for live mode
		framework string // the calls that reach the framework
	}{
		"as in state": {},
		"other order": {
			config:    object{"types": []any{"refund.failed", "order.accepted"}},
			framework: "plan",
		},
		"defaults spelled out": {
			config: object{"enabled": true, "api_version": "default", "transport_type": "HTTP"},
		},
		"less in the state file": {
			json: `{"id":"1","address":"https://example.com","types":["order.accepted"]}`,
		},
		"more in the state file": {
			json:      `{"id":"1","address":"https://example.com","types":["order.accepted"],"colour":"red"}`,
			framework: "upgrade",
		},
		"later schema": {version: 1, framework: "upgrade"},
		"null state":   {json: `null`, framework: "upgrade"},
		"state file of wrong type": {
			json:      `{"id":"1","address":true,"types":["order.accepted"]}`,
			framework: "upgrade",
		},
		"disabled": {
			webhook:   object{"enabled": false},
			config:    object{"enabled": false},
			framework: "plan",
		},
		"of a version": {
			webhook:   object{"api_version": "2021-12-13"},
			config:    object{"api_version": "2021-12-13"},
			framework: "plan",
		},
		"of the latest version": {
			webhook:   object{"api_version": "latest"},
			state:     object{"api_version": "latest"},
			config:    object{"api_version": "latest"},
			framework: "read plan",
		},
		"back to defaults": {
			webhook:   object{"enabled": false, "api_version": "2021-12-13"},
			framework: "plan",
		},
		"basic authentication": {
			webhook:   object{"authentication": basic},
			config:    object{"authentication": basic},
			framework: "validate create",
		},
		"write-only password": {
			webhook:   object{"authentication": basic},
			state:     object{"authentication": object{"username": "dr", "password_wo_version": 1}},
			config:    object{"authentication": writeOnly},
			framework: "validate create",
		},
		"OAuth": {
			webhook:   object{"transport_type": "OAUTH", "oauth": clientCredentials},
			config:    object{"oauth": clientCredentials},
			framework: "validate plan create",
		},
		"changed in configuration": {config: object{"address": "https://example.com/other"}, framework: "plan"},
		"changed outside Terraform": {
			drift:     object{"address": "https://example.com/other"},
			framework: "read plan",
		},
		"disabled outside Terraform": {drift: object{"enabled": false}, framework: "read plan"},
		"deleted outside Terraform":  {gone: true, framework: "read"},
		"of the wrong mode":          {live: true, framework: "read"},
		"unknown address":            {config: object{"address": unknown}, framework: "validate plan create"},
		"unknown event type":         {config: object{"types": []any{unknown}}, framework: "validate plan create"},
		"no event types":             {config: object{"types": []any{}}, framework: "validate plan create"},
		"null event type":            {config: object{"types": []any{nil}}, framework: "validate plan create"},
		"event type twice": {
			config:    object{"types": []any{"order.accepted", "order.accepted"}},
			framework: "validate plan create",
		},
		"no event type at all": {config: object{"types": nil}, framework: "validate plan create"},
		"event type not in the catalog": {
			webhook:   object{"types": []any{"order.unheard_of"}},
			config:    object{"types": []any{"order.unheard_of"}},
			framework: "validate plan create",
		},
		"older event type": {
			webhook:   object{"types": []any{"order.payment_pending"}},
			config:    object{"types": []any{"order.payment_pending"}},
			framework: "validate plan create",
		},
		"unencrypted": {
			webhook:   object{"address": "http://example.com"},
			config:    object{"address": "http://example.com"},
			framework: "validate plan create",
		},
		"not a URL": {
			config:    object{"address": "example.com"},
			framework: "validate plan create",
		},
		"not an API version": {
			config:    object{"api_version": "newest"},
			framework: "validate plan create",
		},
		"not a transport type": {
			config:    object{"transport_type": "FTP"},
			framework: "validate plan create",
		},
		"OAUTH without oauth":   {config: object{"transport_type": "OAUTH"}, framework: "validate plan create"},
		"id in configuration":   {config: object{"id": "1"}, framework: "validate create"},
		"mode in configuration": {config: object{"live_mode": false}, framework: "validate create"},
		"creation in configuration": {
			config:    object{"created_time": "2020-01-01T00:00:00Z"},
			framework: "validate plan create",
		},
		"update in configuration": {
			config:    object{"updated_time": "2020-01-01T00:00:00Z"},
			framework: "validate plan create",
		},
	}
	api := startListAPI(t)
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			base := object{"address": "https://example.com", "types": []any{"order.accepted", "refund.failed"}}
			known := object{
				"id": "1", "enabled": true, "api_version": "default", "transport_type": "HTTP", "live_mode": false,
				"created_time": "2026-01-02T03:04:05Z", "updated_time": "2026-01-02T03:04:05Z",
			}
			kind := webhookSchema().Type().TerraformType(t.Context())
			s := scenario{
				config:  valueOfJSON(t, kind, merged(base, test.config)),
				state:   valueOfJSON(t, kind, merged(base, known, test.webhook, test.state)),
				version: test.version, liveMode: test.live,
			}
			if test.json != "" {
				s.stateFile = []byte(test.json)
			}
			if !test.gone {
				shown := valueOfJSON(t, kind, merged(base, known, test.webhook, test.drift))
				s.webhook = plainJSON(t, shown, apiMember).(object)
			}
			framework := &recorder{}
			got := s.transcript(t, api, func(p *digitalRiver) tfprotov6.ProviderServer {
				framework.frameworkServer = providerserver.NewProtocol6(p)().(frameworkServer)
				return fastPath{framework, p}
			})
			want := s.transcript(t, api, frameworkAlone)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("not the framework's responses (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.framework, strings.Join(slices.Compact(framework.calls), " ")); diff != "" {
				t.Errorf("left to the framework (-want +got):\n%s", diff)
			}
		})
	}
}

func frameworkAlone(p *digitalRiver) tfprotov6.ProviderServer {
	return providerserver.NewProtocol6(p)()
}

// TestFastPath_everyValue gives each attribute each of some values, in the
// configuration, in state, in the API, and in all three. A new attribute is part
// of it without further ado.
func TestFastPath_everyValue(t *testing.T) {
	api := startListAPI(t)
	chosen := map[string]bool{}
	queue := []map[string]int{{}}
	scenarios := 0
	for ; len(queue) > 0; scenarios++ {
		fixed := queue[0]
		queue = queue[1:]
		s := generateScenario(t, func(choice string, n int) int {
			if _, isFixed := fixed[choice]; !isFixed && !chosen[choice] {
				chosen[choice] = true
				for i := 1; i < n; i++ {
					queue = append(queue, mergedChoices(fixed, choice, i))
				}
			}
			return fixed[choice]
		})
		if diff := cmp.Diff(s.transcript(t, api, frameworkAlone), s.transcript(t, api, newServer)); diff != "" {
			t.Errorf("%v: not the framework's responses (-want +got):\n%s", fixed, diff)
		}
	}
	t.Logf("%d scenarios", scenarios)
}

func mergedChoices(fixed map[string]int, choice string, i int) map[string]int {
	all := map[string]int{choice: i}
	for name, value := range fixed {
		all[name] = value
	}
	return all
}

// FuzzFastPath holds the fast path to the framework for configurations, states
// and API responses that the fuzzer's bytes choose.
func FuzzFastPath(f *testing.F) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 100 {
		choices := make([]byte, 60)
		for i := range choices {
			// Mostly 0, the usual value, so that few attributes are unusual at a time.
			if random.IntN(5) == 0 {
				choices[i] = byte(random.IntN(256))
			}
		}
		f.Add(choices)
	}
	api := startListAPI(f)
	f.Fuzz(func(t *testing.T, choices []byte) {
		s := generateScenario(t, func(_ string, n int) int {
			if len(choices) == 0 {
				return 0
			}
			choice := int(choices[0])
			choices = choices[1:]
			return choice % n
		})
		if diff := cmp.Diff(s.transcript(t, api, frameworkAlone), s.transcript(t, api, newServer)); diff != "" {
			t.Errorf("not the framework's responses (-want +got):\n%s", diff)
		}
	})
}

// generateScenario makes a scenario out of choices. choose picks one of n
// possibilities for a choice with a name; the first one is the usual.
func generateScenario(t testing.TB, choose func(choice string, n int) int) scenario {
	t.Helper()
	g := generator{t, choose}
	usual := object{
		"id": "1", "address": "https://example.com", "types": []any{"order.accepted", "refund.failed"}, "enabled": true,
		"api_version": "default", "transport_type": "HTTP", "live_mode": false,
		"created_time": "2026-01-02T03:04:05Z", "updated_time": "2026-01-02T03:04:05Z",
	}
	config, state, shown := map[string]tftypes.Value{}, map[string]tftypes.Value{}, map[string]tftypes.Value{}
	for _, field := range webhookFields() {
		kind := field.attribute.GetType().TerraformType(t.Context())
		configured := tftypes.NewValue(kind, nil)
		if field.attribute.IsRequired() {
			configured = valueOfJSON(t, kind, usual[field.name])
		}
		if same := g.value("all."+field.name, field.attribute, configured, false); !same.Equal(configured) {
			config[field.name], state[field.name], shown[field.name] = same, same, same
			continue
		}
		known := valueOfJSON(t, kind, usual[field.name])
		config[field.name] = g.value("config."+field.name, field.attribute, configured, true)
		state[field.name] = g.value("state."+field.name, field.attribute, known, false)
		shown[field.name] = g.value("api."+field.name, field.attribute, known, false)
	}
	kind := webhookSchema().Type().TerraformType(t.Context())
	s := scenario{
		config: tftypes.NewValue(kind, config), state: tftypes.NewValue(kind, state),
		liveMode: choose("live_mode", 2) == 1,
	}
	if choose("gone", 2) == 0 {
		s.webhook = plainJSON(t, tftypes.NewValue(kind, shown), apiMember).(object)
	}
	return s
}

type generator struct {
	t      testing.TB
	choose func(choice string, n int) int
}

// value chooses a value for an attribute. Only a configuration has unknown ones.
func (g generator) value(
	choice string, attribute schema.Attribute, usual tftypes.Value, unknowns bool,
) tftypes.Value {
	kind := attribute.GetType().TerraformType(g.t.Context())
	samples := []any{nil}
	switch {
	case kind.Is(tftypes.String) && strings.Count(choice, ".") > 1: // nested
		samples = append(samples, "", "x", "client_credentials")
	case kind.Is(tftypes.String):
		samples = append(samples, "", "x", "https://example.com", "http://example.com", "latest", "2021-12-13",
			"HTTP", "OAUTH")
	case kind.Is(tftypes.Bool):
		samples = append(samples, true, false)
	case kind.Is(tftypes.Number):
		samples = append(samples, 0, 1)
	case kind.Is(tftypes.List{}):
		samples = append(samples, []any{}, []any{"refund.failed", "order.accepted"}, []any{"order.accepted"},
			[]any{"order.unheard_of"}, []any{"order.accepted", "order.accepted"}, []any{nil}, []any{"x"})
	}
	values := []tftypes.Value{usual}
	for _, sample := range samples {
		values = append(values, valueOfJSON(g.t, kind, sample))
	}
	if unknowns {
		values = append(values, tftypes.NewValue(kind, tftypes.UnknownValue))
	}
	nested, isObject := attribute.(schema.SingleNestedAttribute)
	if !isObject {
		return values[g.choose(choice, len(values))]
	}
	i := g.choose(choice, len(values)+1)
	if i < len(values) {
		return values[i]
	}
	attributes := map[string]tftypes.Value{}
	for _, name := range sortedNames(nested.Attributes) {
		attribute := nested.Attributes[name]
		usual := tftypes.NewValue(attribute.GetType().TerraformType(g.t.Context()), nil)
		if attribute.IsRequired() {
			usual = tftypes.NewValue(usual.Type(), "https://example.com/"+name)
		}
		attributes[name] = g.value(choice+"."+name, attribute, usual, unknowns)
	}
	return tftypes.NewValue(kind, attributes)
}

func sortedNames(attributes map[string]schema.Attribute) []string {
	names := make([]string, 0, len(attributes))
	for name := range attributes {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// merged joins objects; later ones win.
func merged(objects ...object) object {
	all := object{}
	for _, attributes := range objects {
		for name, value := range attributes {
			all[name] = value
		}
	}
	return all
}

// valueOfJSON converts decoded JSON to a value. An attribute that an object leaves
// out is null; a tftypes.Value stands for itself.
func valueOfJSON(t testing.TB, kind tftypes.Type, value any) tftypes.Value {
	t.Helper()
	switch value := value.(type) {
	case tftypes.Value:
		return value
	case nil:
		return tftypes.NewValue(kind, nil)
	case []any:
		elements := make([]tftypes.Value, len(value))
		for i, element := range value {
			elements[i] = valueOfJSON(t, kind.(tftypes.List).ElementType, element)
		}
		return tftypes.NewValue(kind, elements)
	case object:
		attributes := map[string]tftypes.Value{}
		if elements, isMap := kind.(tftypes.Map); isMap {
			for name := range value {
				attributes[name] = valueOfJSON(t, elements.ElementType, value[name])
			}
			return tftypes.NewValue(kind, attributes)
		}
		for name, attributeType := range kind.(tftypes.Object).AttributeTypes {
			attributes[name] = valueOfJSON(t, attributeType, value[name])
		}
		for name := range value {
			if _, ok := attributes[name]; !ok {
				panic(fmt.Sprintf("there is no attribute %s", name))
			}
		}
		return tftypes.NewValue(kind, attributes)
	default:
		return tftypes.NewValue(kind, value)
	}
}
