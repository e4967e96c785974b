// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"net/http"
	"net/http/httptest"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/digitalriver"
)

// recorder is the framework's server, and records the calls that reach it.
type recorder struct {
	frameworkServer
	calls []string
}

func (r *recorder) ValidateResourceConfig(
	ctx context.Context, req *tfprotov6.ValidateResourceConfigRequest,
) (*tfprotov6.ValidateResourceConfigResponse, error) {
	r.calls = append(r.calls, "validate")
	return r.frameworkServer.ValidateResourceConfig(ctx, req)
}

func (r *recorder) UpgradeResourceState(
	ctx context.Context, req *tfprotov6.UpgradeResourceStateRequest,
) (*tfprotov6.UpgradeResourceStateResponse, error) {
	r.calls = append(r.calls, "upgrade")
	return r.frameworkServer.UpgradeResourceState(ctx, req)
}

func (r *recorder) ReadResource(
	ctx context.Context, req *tfprotov6.ReadResourceRequest,
) (*tfprotov6.ReadResourceResponse, error) {
	r.calls = append(r.calls, "read")
	return r.frameworkServer.ReadResource(ctx, req)
}

func (r *recorder) PlanResourceChange(
	ctx context.Context, req *tfprotov6.PlanResourceChangeRequest,
) (*tfprotov6.PlanResourceChangeResponse, error) {
	call := "plan"
	if isNull(req.PriorState) {
		call = "create"
	}
	r.calls = append(r.calls, call)
	return r.frameworkServer.PlanResourceChange(ctx, req)
}

// listAPI is an API with one webhook, or none.
type listAPI struct {
	url     string
	webhook atomic.Pointer[object]
}

func startListAPI(t testing.TB) *listAPI {
	api := &listAPI{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		webhook := api.webhook.Load()
		var body any = []object{}
		switch {
		case r.URL.Path == "/webhooks" && webhook != nil:
			body = []object{*webhook}
		case r.URL.Path != "/webhooks" && webhook != nil:
			body = *webhook
		case r.URL.Path != "/webhooks":
			w.WriteHeader(http.StatusNotFound)
			body = object{"type": "not_found", "errors": []object{{"code": "not_found", "message": "no such webhook"}}}
		}
		_ = json.NewEncoder(w).Encode(body)
	}))
	t.Cleanup(server.Close)
	api.url = server.URL
	return api
}

// scenario is one webhook as Terraform and the API know it.
type scenario struct {
	config, state tftypes.Value
	stateFile     []byte // the attributes in the state file; nil: those of state
	version       int64  // of the schema that wrote the state file
	webhook       object // of the API; nil: it is deleted
	liveMode      bool   // whether the provider is meant for live mode
}

// transcript sends a server what Terraform sends about a webhook, and returns the
// responses: validate (before and after the provider is configured), upgrade,
// read, plan, and plan of the same configuration as a new webhook.
func (s scenario) transcript(
	t testing.TB, api *listAPI, newServer func(*digitalRiver) tfprotov6.ProviderServer,
) []string {
	t.Helper()
	ctx := t.Context()
	kind := webhookSchema().Type().TerraformType(ctx)
	identityKind := tftypes.Object{AttributeTypes: map[string]tftypes.Type{"id": tftypes.String}}
	p := newProvider("test", &testClock{})
	server := newServer(p)
	var lines []string
	record := func(call string, diagnostics []*tfprotov6.Diagnostic, err error, values ...any) {
		if err != nil {
			t.Fatal(err)
		}
		var texts []string
		for _, d := range diagnostics {
			text := fmt.Sprint(d.Severity, d.Attribute, " ", d.Summary, ": ", d.Detail)
			texts = append(texts, upstreamID.ReplaceAllString(text, "(upstream-id)"))
			// After an error, Terraform ignores the rest of the response.
			if d.Severity == tfprotov6.DiagnosticSeverityError {
				values = nil
			}
		}
		slices.Sort(texts) // The framework visits attributes in random order.
		lines = append(lines, call+"\n"+strings.Join(texts, "\n")+"\n"+fmt.Sprintln(values...))
	}
	decode := func(value *tfprotov6.DynamicValue, kind tftypes.Type) any {
		if value == nil {
			return nil
		}
		decoded, err := value.Unmarshal(kind)
		if err != nil {
			t.Fatal(err)
		}
		return decoded
	}
	identity := func(data *tfprotov6.ResourceIdentityData) any {
		if data == nil {
			return nil
		}
		return decode(data.IdentityData, identityKind)
	}

	validate := func() {
		resp, err := server.ValidateResourceConfig(ctx, &tfprotov6.ValidateResourceConfigRequest{
			TypeName: webhookTypeName, Config: dynamicValue(t, s.config),
			ClientCapabilities: &tfprotov6.ValidateResourceConfigClientCapabilities{WriteOnlyAttributesAllowed: true},
		})
		record("validate", resp.Diagnostics, err)
	}
	validate()
	arguments := object{"api_key": testKey, "base_url": api.url}
	if s.liveMode {
		arguments["live_mode"] = true
	}
	api.webhook.Store(nil)
	if s.webhook != nil {
		api.webhook.Store(&s.webhook)
	}
	configure(t, server, arguments)
	_, _, _ = p.data.client.ListWebhooks(ctx) // The fast path uses the list that reads share.
	validate()

	stateFile := s.stateFile
	if stateFile == nil {
		stateFile = stateFileJSON(t, s.state)
	}
	upgraded, err := server.UpgradeResourceState(ctx, &tfprotov6.UpgradeResourceStateRequest{
		TypeName: webhookTypeName, Version: s.version, RawState: &tfprotov6.RawState{JSON: stateFile},
	})
	record("upgrade", upgraded.Diagnostics, err, decode(upgraded.UpgradedState, kind))

	read, err := server.ReadResource(ctx, &tfprotov6.ReadResourceRequest{
		TypeName: webhookTypeName, CurrentState: dynamicValue(t, s.state),
		Private: []byte(`{"latest_api_version":"ImxhdGVzdCI="}`),
	})
	record("read", read.Diagnostics, err, decode(read.NewState, kind), string(read.Private), identity(read.NewIdentity))

	plan := func(call string, prior tftypes.Value, private []byte, identityData *tfprotov6.ResourceIdentityData) {
		resp, err := server.PlanResourceChange(ctx, &tfprotov6.PlanResourceChangeRequest{
			TypeName: webhookTypeName, Config: dynamicValue(t, s.config), PriorState: dynamicValue(t, prior),
			ProposedNewState: dynamicValue(t, proposedState(ctx, webhookSchema().Attributes, prior, s.config)),
			PriorPrivate:     private, PriorIdentity: identityData,
		})
		record(call, resp.Diagnostics, err, decode(resp.PlannedState, kind), resp.RequiresReplace,
			string(resp.PlannedPrivate), identity(resp.PlannedIdentity))
	}
	prior := s.state
	if refreshed, ok := decode(read.NewState, kind).(tftypes.Value); ok && !refreshed.IsNull() {
		prior = refreshed
	}
	plan("plan", prior, read.Private, read.NewIdentity)
	plan("create", tftypes.NewValue(kind, nil), nil, nil)
	return lines
}

// upstreamID matches the ID of a request in a diagnostic.
var upstreamID = regexp.MustCompile(`\(upstream-id [^)]*\)`)

// proposedState returns what Terraform proposes: the configuration, but the prior
// value of what it leaves out and the provider can compute. Write-only values are
// left out.
func proposedState(
	ctx context.Context, attributes map[string]schema.Attribute, prior, config tftypes.Value,
) tftypes.Value {
	if config.IsNull() || !config.IsKnown() {
		return config
	}
	before, values := map[string]tftypes.Value{}, map[string]tftypes.Value{}
	if !prior.IsNull() && prior.IsKnown() {
		_ = prior.As(&before)
	}
	_ = config.As(&values)
	values = maps.Clone(values) // As returns the value's own map.
	for name, attribute := range attributes {
		old, found := before[name]
		if !found {
			old = tftypes.NewValue(attribute.GetType().TerraformType(ctx), nil)
		}
		object, nested := attribute.(schema.SingleNestedAttribute)
		switch {
		case attribute.IsWriteOnly():
			values[name] = tftypes.NewValue(attribute.GetType().TerraformType(ctx), nil)
		case attribute.IsComputed() && values[name].IsNull():
			values[name] = old
		case nested:
			values[name] = proposedState(ctx, object.Attributes, old, values[name])
		}
	}
	return tftypes.NewValue(config.Type(), values)
}

// stateFileJSON returns the attributes of a state as a state file has them.
func stateFileJSON(t testing.TB, state tftypes.Value) []byte {
	t.Helper()
	encoded, err := json.Marshal(plainJSON(t, state, func(name string) string { return name }))
	if err != nil {
		t.Fatal(err)
	}
	return encoded
}

// plainJSON converts a known value to one that encodes as JSON, with other names
// for the attributes of objects.
func plainJSON(t testing.TB, value tftypes.Value, rename func(string) string) any {
	t.Helper()
	if value.IsNull() {
		return nil
	}
	switch kind := value.Type(); {
	case kind.Is(tftypes.String):
		return decodedAs[string](t, value)
	case kind.Is(tftypes.Bool):
		return decodedAs[bool](t, value)
	case kind.Is(tftypes.Number):
		number, _ := decodedAs[*big.Float](t, value).Int64()
		return number
	case kind.Is(tftypes.List{}):
		elements := []any{}
		for _, element := range decodedAs[[]tftypes.Value](t, value) {
			elements = append(elements, plainJSON(t, element, rename))
		}
		return elements
	default:
		attributes := object{}
		for name, attribute := range decodedAs[map[string]tftypes.Value](t, value) {
			attributes[rename(name)] = plainJSON(t, attribute, rename)
		}
		return attributes
	}
}

func decodedAs[T any](t testing.TB, value tftypes.Value) T {
	t.Helper()
	var decoded T
	if err := value.As(&decoded); err != nil {
		t.Fatal(err)
	}
	return decoded
}

// apiMember returns the API's name for an attribute of a webhook or of one of its
// objects.
func apiMember(attribute string) string {
	for _, kind := range []reflect.Type{
		reflect.TypeFor[digitalriver.Webhook](),
		reflect.TypeFor[digitalriver.Authentication](),
		reflect.TypeFor[digitalriver.OAuth](),
	} {
		for i := range kind.NumField() {
			member, _, _ := strings.Cut(kind.Field(i).Tag.Get("json"), ",")
			if isMemberOf(attribute, member) {
				return member
			}
		}
	}
	return attribute
}
