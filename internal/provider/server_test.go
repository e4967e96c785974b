package provider

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// listener is the framework's server, and notes what it is asked.
type listener struct {
	tfprotov6.ProviderServer
	asked []string
}

func (l *listener) ValidateResourceConfig(ctx context.Context, req *tfprotov6.ValidateResourceConfigRequest) (*tfprotov6.ValidateResourceConfigResponse, error) {
	l.asked = append(l.asked, "validate")
	return l.ProviderServer.ValidateResourceConfig(ctx, req)
}

func (l *listener) UpgradeResourceState(ctx context.Context, req *tfprotov6.UpgradeResourceStateRequest) (*tfprotov6.UpgradeResourceStateResponse, error) {
	l.asked = append(l.asked, "upgrade")
	return l.ProviderServer.UpgradeResourceState(ctx, req)
}

func (l *listener) ReadResource(ctx context.Context, req *tfprotov6.ReadResourceRequest) (*tfprotov6.ReadResourceResponse, error) {
	l.asked = append(l.asked, "read")
	return l.ProviderServer.ReadResource(ctx, req)
}

func (l *listener) PlanResourceChange(ctx context.Context, req *tfprotov6.PlanResourceChangeRequest) (*tfprotov6.PlanResourceChangeResponse, error) {
	what := "plan"
	if isNull(req.PriorState) {
		what = "create"
	}
	l.asked = append(l.asked, what)
	return l.ProviderServer.PlanResourceChange(ctx, req)
}

// TestServer holds what server answers by itself to what the framework answers,
// and to what it has to leave to the framework.
func TestServer(t *testing.T) {
	basic := object{"userName": "dr", "password": "s3cret"}
	oauth := object{"tokenEndPoint": "https://example.com/token", "clientID": "dr", "clientSecret": "s3cret", "grantType": "client_credentials"}
	unknown := tftypes.NewValue(tftypes.String, tftypes.UnknownValue)
	for name, test := range map[string]struct {
		webhook object         // in the account, besides address and types
		drift   object         // what somebody changes there afterwards
		gone    bool           // whether it is deleted there afterwards
		state   object         // attributes of state that are not as the answer has them
		config  map[string]any // attributes of the configuration, besides address and types
		json    string         // the state file's attributes, if something else
		version int64          // of the schema that the state file was written with
		live    bool           // whether the provider is meant for live mode
		asked   string         // of the framework
	}{
		"as in state":               {},
		"other order":               {config: object{"types": []any{"refund.failed", "order.accepted"}}, asked: "plan"},
		"defaults spelled out":      {config: object{"enabled": true, "api_version": "default", "transport_type": "HTTP"}},
		"less in the state file":    {json: `{"id":"1","address":"https://example.com","types":["order.accepted"]}`},
		"more in the state file":    {json: `{"id":"1","address":"https://example.com","types":["order.accepted"],"colour":"red"}`, asked: "upgrade"},
		"later schema":              {version: 1, asked: "upgrade"},
		"null state":                {json: `null`, asked: "upgrade"},
		"state file of wrong type":  {json: `{"id":"1","address":true,"types":["order.accepted"]}`, asked: "upgrade"},
		"disabled":                  {webhook: object{"enabled": false}, config: object{"enabled": false}, asked: "plan"},
		"of a version":              {webhook: object{"apiVersion": "2021-12-13"}, config: object{"api_version": "2021-12-13"}, asked: "plan"},
		"of the latest version":     {webhook: object{"apiVersion": "latest"}, state: object{"api_version": "latest"}, config: object{"api_version": "latest"}, asked: "read plan"},
		"back to defaults":          {webhook: object{"enabled": false, "apiVersion": "2021-12-13"}, asked: "plan"},
		"basic authentication":      {webhook: object{"authentication": basic}, config: object{"authentication": object{"username": "dr", "password": "s3cret"}}, asked: "validate create"},
		"write-only password":       {webhook: object{"authentication": basic}, state: object{"authentication": object{"username": "dr", "password_wo_version": 1}}, config: object{"authentication": object{"username": "dr", "password_wo": "s3cret", "password_wo_version": 1}}, asked: "validate plan create"},
		"OAuth":                     {webhook: object{"transportType": "OAUTH", "oauth": oauth}, config: object{"oauth": object{"token_endpoint": "https://example.com/token", "client_id": "dr", "client_secret": "s3cret", "grant_type": "client_credentials"}}, asked: "validate plan create"},
		"changed in configuration":  {config: object{"address": "https://example.com/other"}, asked: "plan"},
		"changed behind the back":   {drift: object{"address": "https://example.com/other"}, asked: "read plan"},
		"disabled behind the back":  {drift: object{"enabled": false}, asked: "read plan"},
		"deleted behind the back":   {gone: true, asked: "read"},
		"of the wrong mode":         {live: true, asked: "read create"},
		"unknown address":           {config: object{"address": unknown}, asked: "validate plan create"},
		"unknown event type":        {config: object{"types": []any{unknown}}, asked: "validate plan create"},
		"no event types":            {config: object{"types": []any{}}, asked: "validate plan create"},
		"null event type":           {config: object{"types": []any{nil}}, asked: "validate plan create"},
		"event type twice":          {config: object{"types": []any{"order.accepted", "order.accepted"}}, asked: "validate plan create"},
		"no event type at all":      {config: object{"types": nil}, asked: "validate plan create"},
		"event type out of catalog": {webhook: object{"types": []any{"order.unheard_of"}}, config: object{"types": []any{"order.unheard_of"}}, asked: "validate plan create"},
		"older event type":          {webhook: object{"types": []any{"order.payment_pending"}}, config: object{"types": []any{"order.payment_pending"}}, asked: "validate plan create"},
		"clear text":                {webhook: object{"address": "http://example.com"}, config: object{"address": "http://example.com"}, asked: "validate plan create"},
		"no URL":                    {config: object{"address": "example.com"}, asked: "validate plan create"},
		"no API version":            {config: object{"api_version": "newest"}, asked: "validate plan create"},
		"no transport type":         {config: object{"transport_type": "FTP"}, asked: "validate plan create"},
		"OAUTH without oauth":       {config: object{"transport_type": "OAUTH"}, asked: "validate plan create"},
		"id in configuration":       {config: object{"id": "1"}, asked: "validate plan create"},
		"mode in configuration":     {config: object{"live_mode": false}, asked: "validate create"},
		"creation in configuration": {config: object{"created_time": "2020-01-01T00:00:00Z"}, asked: "validate plan create"},
		"update in configuration":   {config: object{"updated_time": "2020-01-01T00:00:00Z"}, asked: "validate plan create"},
	} {
		t.Run(name, func(t *testing.T) {
			api := startSandbox(t)
			body := object{"address": "https://example.com", "types": []any{"order.accepted", "refund.failed"}}
			config := object{"address": "https://example.com", "types": body["types"]}
			merge(body, test.webhook)
			merge(config, test.config)
			id := api.create(testKey, body)
			attributes := stateOf(t, api.webhook(id))
			attributes["types"] = body["types"]
			merge(attributes, test.state)
			raw, err := json.Marshal(attributes)
			if err != nil {
				t.Fatal(err)
			}
			if test.drift != nil {
				api.must(http.MethodPatch, "/webhooks/"+id, test.drift)
			}
			if test.gone {
				api.must(http.MethodDelete, "/webhooks/"+id, nil)
			}
			inFile := raw
			if test.json != "" {
				inFile = []byte(test.json)
			}

			answers := func(server func(*digitalRiver) tfprotov6.ProviderServer) []string {
				p := newProvider("test", &testClock{})
				served := server(p)
				return asked(t, served, config, raw, inFile, test.version, func() {
					arguments := object{"api_key": testKey, "base_url": api.url}
					if test.live {
						arguments["live_mode"] = true
					}
					configure(t, served, arguments)
					if _, err := p.data.client.ListWebhooks(t.Context()); err != nil {
						t.Fatal(err)
					}
				})
			}
			framework := &listener{}
			got := answers(func(p *digitalRiver) tfprotov6.ProviderServer {
				framework.ProviderServer = providerserver.NewProtocol6(p)()
				return server{framework, p}
			})
			want := answers(func(p *digitalRiver) tfprotov6.ProviderServer { return providerserver.NewProtocol6(p)() })
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("not what the framework answers (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.asked, strings.Join(slices.Compact(framework.asked), " ")); diff != "" {
				t.Errorf("left to the framework (-want +got):\n%s", diff)
			}
		})
	}
}

// TestWireWebhook_hasTheSchema holds what is read without the framework to the
// schema.
func TestWireWebhook_hasTheSchema(t *testing.T) {
	var names func(of reflect.Type) object
	names = func(of reflect.Type) object {
		found := object{}
		for i := range of.NumField() {
			field := of.Field(i)
			name := field.Tag.Get("msgpack")
			if other := field.Tag.Get("json"); other != name {
				t.Errorf("%s is %q in msgpack, but %q in JSON", field.Name, name, other)
			}
			found[name] = nil
			if field.Type.Kind() == reflect.Pointer && field.Type.Elem().Kind() == reflect.Struct {
				found[name] = names(field.Type.Elem())
			}
		}
		return found
	}
	var attributes func(of map[string]schema.Attribute) object
	attributes = func(of map[string]schema.Attribute) object {
		found := object{}
		for name, attribute := range of {
			found[name] = nil
			if nested, ok := attribute.(schema.SingleNestedAttribute); ok {
				found[name] = attributes(nested.Attributes)
			}
		}
		return found
	}
	var resp resource.SchemaResponse
	(&webhookResource{}).Schema(t.Context(), resource.SchemaRequest{}, &resp)
	if diff := cmp.Diff(attributes(resp.Schema.Attributes), names(reflect.TypeFor[wireWebhook]())); diff != "" {
		t.Errorf("(-schema +wire):\n%s", diff)
	}
	null := dynamicValue(t, tftypes.NewValue(webhookType.TerraformType(t.Context()), nil))
	if _, ok := webhookOnWire(null); ok {
		t.Error("null was read as a webhook")
	}
}

func merge(into, from object) {
	for name, value := range from {
		into[name] = value
	}
}

// stateOf are the attributes that state holds of a webhook that the API shows.
func stateOf(t *testing.T, webhook object) object {
	t.Helper()
	attributes := object{
		"id": webhook["id"], "address": webhook["address"], "types": webhook["types"], "enabled": webhook["enabled"],
		"api_version": webhook["apiVersion"], "transport_type": webhook["transportType"], "live_mode": webhook["liveMode"],
	}
	if authentication, ok := webhook["authentication"].(object); ok {
		attributes["authentication"] = object{"username": authentication["userName"], "password": authentication["password"]}
	}
	if oauth, ok := webhook["oauth"].(object); ok {
		attributes["oauth"] = object{
			"token_endpoint": oauth["tokenEndPoint"], "client_id": oauth["clientID"], "client_secret": oauth["clientSecret"], "grant_type": oauth["grantType"],
		}
	}
	for attribute, field := range map[string]string{"created_time": "createdTime", "updated_time": "updatedTime"} {
		at, err := time.Parse(time.RFC3339Nano, webhook[field].(string))
		if err != nil {
			t.Fatal(err)
		}
		attributes[attribute] = timeValue(at).ValueString()
	}
	return attributes
}

// asked returns what a server answers to validate, before and after it is
// configured, upgrade, read and plan.
func asked(t *testing.T, server tfprotov6.ProviderServer, config object, state, inFile []byte, version int64, configure func()) []string {
	t.Helper()
	ctx := t.Context()
	schemas, err := server.GetProviderSchema(ctx, &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		t.Fatal(err)
	}
	kind := schemas.ResourceSchemas[webhookTypeName].ValueType()
	identityKind := tftypes.Object{AttributeTypes: map[string]tftypes.Type{"id": tftypes.String}}
	var answers []string
	answer := func(of string, diagnostics []*tfprotov6.Diagnostic, err error, values ...any) {
		said := []string{of}
		for _, d := range diagnostics {
			said = append(said, fmt.Sprint(d.Severity, d.Attribute, d.Summary, d.Detail))
		}
		for _, value := range values {
			said = append(said, fmt.Sprint(value))
		}
		if err != nil {
			said = append(said, err.Error())
		}
		answers = append(answers, strings.Join(said, "\n"))
	}
	value := func(of *tfprotov6.DynamicValue, kind tftypes.Type) any {
		if of == nil {
			return nil
		}
		decoded, err := of.Unmarshal(kind)
		if err != nil {
			return err
		}
		return decoded
	}
	encode := func(v tftypes.Value) *tfprotov6.DynamicValue { return dynamicValue(t, v) }

	configured := valueOf(t, kind, config)
	validate := func() {
		validated, err := server.ValidateResourceConfig(ctx, &tfprotov6.ValidateResourceConfigRequest{
			TypeName: webhookTypeName, Config: encode(configured),
			ClientCapabilities: &tfprotov6.ValidateResourceConfigClientCapabilities{WriteOnlyAttributesAllowed: true},
		})
		answer("validate", validated.Diagnostics, err)
	}
	validate()
	configure()
	validate()

	upgraded, err := server.UpgradeResourceState(ctx, &tfprotov6.UpgradeResourceStateRequest{TypeName: webhookTypeName, Version: version, RawState: &tfprotov6.RawState{JSON: inFile}})
	answer("upgrade", upgraded.Diagnostics, err, value(upgraded.UpgradedState, kind))

	prior, err := tftypes.ValueFromJSON(state, kind) //nolint:staticcheck // For test values it serves.
	if err != nil {
		t.Fatal(err)
	}
	read, err := server.ReadResource(ctx, &tfprotov6.ReadResourceRequest{TypeName: webhookTypeName, CurrentState: encode(prior), Private: []byte(`{"latest_api_version":"ImxhdGVzdCI="}`)})
	answer("read", read.Diagnostics, err, value(read.NewState, kind), string(read.Private))
	if read.NewIdentity != nil {
		answer("identity", nil, nil, value(read.NewIdentity.IdentityData, identityKind))
	}
	if refreshed, ok := value(read.NewState, kind).(tftypes.Value); ok && !refreshed.IsNull() {
		prior = refreshed
	}

	plan := func(of string, prior, proposed tftypes.Value, private []byte, identity *tfprotov6.ResourceIdentityData) {
		planned, err := server.PlanResourceChange(ctx, &tfprotov6.PlanResourceChangeRequest{
			TypeName: webhookTypeName, PriorState: encode(prior), ProposedNewState: encode(proposed),
			Config: encode(configured), PriorPrivate: private, PriorIdentity: identity,
		})
		answer(of, planned.Diagnostics, err, value(planned.PlannedState, kind), planned.RequiresReplace, string(planned.PlannedPrivate))
		if planned.PlannedIdentity != nil {
			answer("identity", nil, nil, value(planned.PlannedIdentity.IdentityData, identityKind))
		}
	}
	plan("plan", prior, proposed(t, kind, prior, configured), read.Private, read.NewIdentity)
	null := tftypes.NewValue(kind, nil)
	plan("create", null, proposed(t, kind, null, configured), nil, nil)
	return answers
}

// valueOf is a configuration of these attributes; what it leaves out is null.
func valueOf(t *testing.T, kind tftypes.Type, attributes object) tftypes.Value {
	t.Helper()
	values := nulls(kind)
	for name, attribute := range attributes {
		of := kind.(tftypes.Object).AttributeTypes[name]
		switch attribute := attribute.(type) {
		case tftypes.Value:
			values[name] = attribute
			continue
		case []any:
			if len(attribute) == 1 {
				if element, ok := attribute[0].(tftypes.Value); ok {
					values[name] = tftypes.NewValue(of, []tftypes.Value{element})
					continue
				}
			}
		}
		raw, err := json.Marshal(attribute)
		if err != nil {
			t.Fatal(err)
		}
		if values[name], err = tftypes.ValueFromJSON(raw, of); err != nil { //nolint:staticcheck // As above.
			t.Fatal(err)
		}
	}
	return tftypes.NewValue(kind, values)
}

// proposed is what Terraform proposes: the configuration, and the prior value of
// what it leaves out and the provider may choose.
func proposed(t *testing.T, kind tftypes.Type, prior, config tftypes.Value) tftypes.Value {
	t.Helper()
	before, now := nulls(kind), map[string]tftypes.Value{}
	if !prior.IsNull() {
		if err := prior.As(&before); err != nil {
			t.Fatal(err)
		}
	}
	if err := config.As(&now); err != nil {
		t.Fatal(err)
	}
	now = maps.Clone(now) // As hands out the value's own.
	for _, name := range []string{"id", "enabled", "api_version", "transport_type", "live_mode", "created_time", "updated_time"} {
		if now[name].IsNull() {
			now[name] = before[name]
		}
	}
	return tftypes.NewValue(kind, now)
}
