// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"sync"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/defaults"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/vmihailenco/msgpack/v5"
	"github.com/vmihailenco/msgpack/v5/msgpcode"
)

// fastPath is the framework's server with a short cut for webhooks that need no
// work: unchanged ones, and new ones with nothing to report. A plan may hold
// thousands of these, and the framework would decode, walk and encode each of
// them many times over to arrive at the same response (internal/bench/README.md
// has the measurements). Everything else goes to the framework.
//
// FuzzFastPath and TestFastPath hold each response to the framework's own.
type fastPath struct {
	frameworkServer
	provider *digitalRiver
}

// frameworkServer lists every server that tf6server looks for with a type
// assertion. Embedding tfprotov6.ProviderServer alone would hide the others.
type frameworkServer interface {
	tfprotov6.ProviderServerWithListResource //nolint:staticcheck // Deprecated until ProviderServer includes it.
	tfprotov6.ProviderServerWithActions      //nolint:staticcheck // As above.
	tfprotov6.ProviderServerWithStateStores  //nolint:staticcheck // As above.
}

func newServer(p *digitalRiver) tfprotov6.ProviderServer {
	server, ok := providerserver.NewProtocol6(p)().(frameworkServer)
	if !ok {
		panic("the framework's server lacks a method that this provider passes on")
	}
	return fastPath{wholeNumbers{server, p}, p}
}

// ValidateResourceConfig skips the framework for a configuration that is valid,
// has no credentials and causes no warning.
func (s fastPath) ValidateResourceConfig(
	ctx context.Context, req *tfprotov6.ValidateResourceConfigRequest,
) (*tfprotov6.ValidateResourceConfigResponse, error) {
	if req.TypeName == webhookTypeName {
		if config, ok := decodeWebhook(req.Config); ok && isValid(ctx, &config) && len(config.warnings()) == 0 {
			return &tfprotov6.ValidateResourceConfigResponse{}, nil
		}
	}
	return s.frameworkServer.ValidateResourceConfig(ctx, req)
}

// UpgradeResourceState skips the framework for state of the current version.
func (s fastPath) UpgradeResourceState(
	ctx context.Context, req *tfprotov6.UpgradeResourceStateRequest,
) (*tfprotov6.UpgradeResourceStateResponse, error) {
	if req.TypeName == webhookTypeName && req.Version == webhookSchema().Version && req.RawState != nil {
		if state, ok := decodeStateFile(req.RawState.JSON); ok {
			if s.provider.data != nil {
				s.provider.data.planned.addState(state.ID.ValueString())
			}
			return &tfprotov6.UpgradeResourceStateResponse{UpgradedState: encodeWebhook(&state)}, nil
		}
	}
	return s.frameworkServer.UpgradeResourceState(ctx, req)
}

// ReadResource skips the framework for a webhook that the list of webhooks
// already shows as state has it.
func (s fastPath) ReadResource(
	ctx context.Context, req *tfprotov6.ReadResourceRequest,
) (*tfprotov6.ReadResourceResponse, error) {
	if req.TypeName == webhookTypeName {
		if state, ok := decodeWebhook(req.CurrentState); ok && s.provider.data.listedUnchanged(&state) {
			identity, err := msgpack.Marshal(map[string]string{"id": state.ID.ValueString()})
			return &tfprotov6.ReadResourceResponse{
				NewState: req.CurrentState,
				NewIdentity: &tfprotov6.ResourceIdentityData{
					IdentityData: &tfprotov6.DynamicValue{MsgPack: identity},
				},
				Private: req.Private,
			}, err
		}
	}
	return s.frameworkServer.ReadResource(ctx, req)
}

// PlanResourceChange skips the framework for unchanged webhooks, and for new ones
// that cause no diagnostic.
func (s fastPath) PlanResourceChange(
	ctx context.Context, req *tfprotov6.PlanResourceChangeRequest,
) (*tfprotov6.PlanResourceChangeResponse, error) {
	if req.TypeName == webhookTypeName && req.PriorState != nil && req.ProposedNewState != nil &&
		!s.provider.data.deferred() {
		switch {
		case isNull(req.PriorState):
			if planned, diags := s.provider.data.planNew(ctx, req.Config); planned != nil {
				null := &tfprotov6.DynamicValue{MsgPack: []byte{msgpcode.Nil}}
				return &tfprotov6.PlanResourceChangeResponse{
					PlannedState:    planned,
					PlannedIdentity: &tfprotov6.ResourceIdentityData{IdentityData: null},
					Diagnostics:     protocolWarnings(diags),
				}, nil
			}
		case bytes.Equal(req.PriorState.MsgPack, req.ProposedNewState.MsgPack):
			// For an attribute that the configuration leaves out, Terraform proposes
			// the prior value, but the plan has the default. So a webhook is
			// unchanged for certain only if its prior values are the defaults.
			prior, ok := decodeWebhook(req.PriorState)
			if ok && prior.hasDefaults() && len(prior.warnings()) == 0 {
				return &tfprotov6.PlanResourceChangeResponse{
					PlannedState: req.PriorState, PlannedPrivate: req.PriorPrivate, PlannedIdentity: req.PriorIdentity,
					Diagnostics: protocolWarnings(s.provider.data.duplicateWarnings(ctx, &prior, &prior)),
				}, nil
			}
		}
	}
	return s.frameworkServer.PlanResourceChange(ctx, req)
}

func isNull(value *tfprotov6.DynamicValue) bool {
	return bytes.Equal(value.MsgPack, []byte{msgpcode.Nil})
}

// listedUnchanged reports whether the list of webhooks is at hand and has a
// webhook as state has it. What `latest` stands for is not in state alone.
func (d *providerData) listedUnchanged(state *webhookModel) bool {
	if d == nil || d.client == nil || state.APIVersion.ValueString() == apiVersionLatest {
		return false
	}
	id := state.ID.ValueString()
	webhook := d.client.ListedWebhook(id)
	if webhook == nil || !d.liveMode.IsNull() && !types.BoolPointerValue(webhook.LiveMode).Equal(d.liveMode) {
		return false // The framework reports the wrong mode, or that it is hidden.
	}
	if listed := state.withResponse(webhook); !listed.equal(state) {
		return false
	}
	d.refreshed.Store(id, true)
	d.planned.addState(id)
	return true
}

// planNew plans a new webhook. It returns nil if the plan has any diagnostic on an
// attribute.
func (d *providerData) planNew(
	ctx context.Context, config *tfprotov6.DynamicValue,
) (*tfprotov6.DynamicValue, diag.Diagnostics) {
	plan, ok := decodeWebhook(config)
	if !ok || !isValid(ctx, &plan) || len(d.configurationWarnings(&plan)) > 0 {
		return nil, nil
	}
	plan.TransportType = plan.plannedTransport()
	defaults := webhookDefaults()
	for _, field := range webhookFields() {
		if !field.attribute.IsComputed() || !plan.get(field).IsNull() {
			continue
		}
		if value, ok := defaults[field.name]; ok {
			plan.set(field, value)
		} else {
			plan.set(field, field.unknown)
		}
	}
	return encodeWebhook(&plan), d.duplicateWarnings(ctx, &plan, nil)
}

// protocolWarnings converts warnings that are not on an attribute.
func protocolWarnings(diags diag.Diagnostics) []*tfprotov6.Diagnostic {
	var warnings []*tfprotov6.Diagnostic
	for _, d := range diags {
		warnings = append(warnings, &tfprotov6.Diagnostic{
			Severity: tfprotov6.DiagnosticSeverityWarning, Summary: d.Summary(), Detail: d.Detail(),
		})
	}
	return warnings
}

// isValid reports whether the schema and validate accept a configuration. A
// false is not final: nested attributes, for example, are left to the framework.
func isValid(ctx context.Context, config *webhookModel) bool {
	for _, field := range webhookFields() {
		if !isValidValue(ctx, field, config.get(field)) {
			return false
		}
	}
	return len(config.validate()) == 0
}

// isValidValue runs the validators of the schema on one attribute.
func isValidValue(ctx context.Context, field webhookField, value attr.Value) bool {
	if value.IsNull() {
		return !field.attribute.IsRequired()
	}
	if !field.configurable() || field.attribute.GetDeprecationMessage() != "" {
		return false
	}
	at := path.Root(field.name)
	switch attribute := field.attribute.(type) {
	case schema.StringAttribute:
		text, ok := value.(types.String)
		var resp validator.StringResponse
		for _, v := range attribute.Validators {
			v.ValidateString(ctx, validator.StringRequest{Path: at, ConfigValue: text}, &resp)
		}
		return ok && len(resp.Diagnostics) == 0
	case schema.BoolAttribute:
		flag, ok := value.(types.Bool)
		var resp validator.BoolResponse
		for _, v := range attribute.Validators {
			v.ValidateBool(ctx, validator.BoolRequest{Path: at, ConfigValue: flag}, &resp)
		}
		return ok && len(resp.Diagnostics) == 0
	case schema.ListAttribute:
		list, ok := value.(types.List)
		var resp validator.ListResponse
		for _, v := range attribute.Validators {
			v.ValidateList(ctx, validator.ListRequest{Path: at, ConfigValue: list}, &resp)
		}
		return ok && len(resp.Diagnostics) == 0
	default:
		return false
	}
}

// hasDefaults reports whether a webhook has the default of each attribute that
// has one.
func (m *webhookModel) hasDefaults() bool {
	unset := *m
	unset.TransportType = types.StringNull()
	if !m.TransportType.Equal(unset.plannedTransport()) {
		return false
	}
	defaults := webhookDefaults()
	for _, field := range webhookFields() {
		value := m.get(field)
		if want, ok := defaults[field.name]; ok && !value.Equal(want) {
			return false
		}
		object, _ := value.(types.Object)
		for name, nested := range object.Attributes() {
			if want, ok := defaults[field.name+"."+name]; ok && !nested.Equal(want) {
				return false
			}
		}
	}
	return true
}

// webhookDefaults returns the defaults of the schema by attribute, such as
// enabled or oauth.grant_type.
var webhookDefaults = sync.OnceValue(func() map[string]attr.Value {
	values := make(map[string]attr.Value)
	addDefaults(values, "", webhookSchema().Attributes)
	return values
})

func addDefaults(values map[string]attr.Value, prefix string, attributes map[string]schema.Attribute) {
	ctx := context.Background()
	for name, attribute := range attributes {
		switch attribute := attribute.(type) {
		case schema.StringAttribute:
			if attribute.Default != nil {
				var resp defaults.StringResponse
				attribute.Default.DefaultString(ctx, defaults.StringRequest{}, &resp)
				values[prefix+name] = resp.PlanValue
			}
		case schema.BoolAttribute:
			if attribute.Default != nil {
				var resp defaults.BoolResponse
				attribute.Default.DefaultBool(ctx, defaults.BoolRequest{}, &resp)
				values[prefix+name] = resp.PlanValue
			}
		case schema.Int64Attribute, schema.ListAttribute:
			// None of these has a default; TestWebhookDefaults checks that.
		case schema.SingleNestedAttribute:
			addDefaults(values, prefix+name+".", attribute.Attributes)
		default:
			panic(fmt.Sprintf("attribute %s%s is of an unexpected type, %T", prefix, name, attribute))
		}
	}
}

// decodeWebhook reads what Terraform sends; ok is false for a null, for unknown
// values, and for a value that does not match the schema.
func decodeWebhook(value *tfprotov6.DynamicValue) (webhook webhookModel, ok bool) {
	if value == nil || len(value.MsgPack) == 0 {
		return webhookModel{}, false
	}
	decoder := msgpack.GetDecoder()
	defer msgpack.PutDecoder(decoder)
	decoder.Reset(bytes.NewReader(value.MsgPack))
	decoder.UseLooseInterfaceDecoding(true)
	decoded, err := decoder.DecodeMap()
	if err != nil {
		return webhookModel{}, false
	}
	return webhookOf(decoded)
}

// decodeStateFile reads the JSON of a state file.
func decodeStateFile(state []byte) (webhook webhookModel, ok bool) {
	var decoded map[string]any
	if err := json.Unmarshal(state, &decoded); err != nil {
		return webhookModel{}, false
	}
	return webhookOf(decoded)
}

// webhookOf converts decoded JSON or msgpack. An absent attribute is null.
func webhookOf(decoded map[string]any) (webhookModel, bool) {
	if decoded == nil {
		return webhookModel{}, false
	}
	m, found := nullWebhook(), 0
	for _, field := range webhookFields() {
		value, ok := decoded[field.name]
		if !ok {
			continue
		}
		found++
		converted, ok := valueOf(field.attribute.GetType(), value)
		if !ok {
			return webhookModel{}, false
		}
		m.set(field, converted)
	}
	return m, found == len(decoded)
}

// valueOf converts a value of decoded JSON or msgpack to one of a type.
func valueOf(valueType attr.Type, value any) (attr.Value, bool) {
	switch valueType := valueType.(type) {
	case basetypes.StringType:
		text, ok := value.(string)
		if value == nil {
			return types.StringNull(), true
		}
		return types.StringValue(text), ok
	case basetypes.BoolType:
		flag, ok := value.(bool)
		if value == nil {
			return types.BoolNull(), true
		}
		return types.BoolValue(flag), ok
	case basetypes.Int64Type:
		switch number := value.(type) {
		case nil:
			return types.Int64Null(), true
		case int64:
			return types.Int64Value(number), true
		case uint64:
			return types.Int64Value(int64(number)), number <= math.MaxInt64
		case float64:
			return types.Int64Value(int64(number)), number == math.Trunc(number) && math.Abs(number) < 1<<53
		}
		return nil, false
	case types.ListType:
		values, ok := value.([]any)
		if value == nil || !ok {
			return types.ListNull(valueType.ElemType), value == nil
		}
		elements := make([]attr.Value, len(values))
		for i, value := range values {
			if elements[i], ok = valueOf(valueType.ElemType, value); !ok {
				return nil, false
			}
		}
		return types.ListValueMust(valueType.ElemType, elements), true
	case types.ObjectType:
		values, ok := value.(map[string]any)
		if value == nil || !ok {
			return types.ObjectNull(valueType.AttrTypes), value == nil
		}
		attributes := make(map[string]attr.Value, len(valueType.AttrTypes))
		for name, attributeType := range valueType.AttrTypes {
			if attributes[name], ok = valueOf(attributeType, values[name]); !ok {
				return nil, false
			}
			delete(values, name)
		}
		return types.ObjectValueMust(valueType.AttrTypes, attributes), len(values) == 0
	default:
		return nil, false
	}
}

// encodeWebhook writes what decodeWebhook reads, and unknown values too.
func encodeWebhook(m *webhookModel) *tfprotov6.DynamicValue {
	values := make(map[string]any, len(webhookFields()))
	for _, field := range webhookFields() {
		values[field.name] = plainValue(m.get(field))
	}
	encoded, err := msgpack.Marshal(values)
	if err != nil {
		panic(err) // plainValue returns nothing that cannot be encoded.
	}
	return &tfprotov6.DynamicValue{MsgPack: encoded}
}

// unknownValue is how Terraform's msgpack writes an unknown value: an extension
// of type 0 with one byte.
var unknownValue = msgpack.RawMessage{msgpcode.FixExt1, 0, 0}

// plainValue converts a value to one that msgpack can encode.
func plainValue(value attr.Value) any {
	if value.IsNull() {
		return nil
	}
	if value.IsUnknown() {
		return unknownValue
	}
	switch value := value.(type) {
	case types.String:
		return value.ValueString()
	case types.Bool:
		return value.ValueBool()
	case types.Int64:
		return value.ValueInt64()
	case types.List:
		elements := make([]any, len(value.Elements()))
		for i, element := range value.Elements() {
			elements[i] = plainValue(element)
		}
		return elements
	case types.Object:
		attributes := make(map[string]any, len(value.Attributes()))
		for name, attribute := range value.Attributes() {
			attributes[name] = plainValue(attribute)
		}
		return attributes
	default:
		panic(fmt.Sprintf("a webhook has no values of type %T", value))
	}
}
