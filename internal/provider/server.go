package provider

import (
	"bytes"
	"context"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/vmihailenco/msgpack/v5"
	"github.com/vmihailenco/msgpack/v5/msgpcode"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/digitalriver"
)

// server is the framework's server, but for webhooks of which there is nothing
// to say: they are as state has them, or are new. A plan may hold thousands, and
// the framework would decode, walk and encode each many times over to come to
// the same answer (what that brings stands in DESIGN.md). Whatever is not surely
// so is left to the framework.
type server struct {
	tfprotov6.ProviderServer
	provider *digitalRiver
}

func newServer(p *digitalRiver) tfprotov6.ProviderServer {
	return server{providerserver.NewProtocol6(p)(), p}
}

func (s server) ValidateResourceConfig(ctx context.Context, req *tfprotov6.ValidateResourceConfigRequest) (*tfprotov6.ValidateResourceConfigResponse, error) {
	if req.TypeName == webhookTypeName {
		if config, ok := webhookOnWire(req.Config); ok && config.surelyValid(ctx) && config.unremarkable() {
			return &tfprotov6.ValidateResourceConfigResponse{}, nil
		}
	}
	return s.ProviderServer.ValidateResourceConfig(ctx, req)
}

func (s server) UpgradeResourceState(ctx context.Context, req *tfprotov6.UpgradeResourceStateRequest) (*tfprotov6.UpgradeResourceStateResponse, error) {
	if req.TypeName == webhookTypeName && req.Version == 0 && req.RawState != nil {
		if state, ok := rewire(req.RawState.JSON); ok {
			return &tfprotov6.UpgradeResourceStateResponse{UpgradedState: state}, nil
		}
	}
	return s.ProviderServer.UpgradeResourceState(ctx, req)
}

func (s server) ReadResource(ctx context.Context, req *tfprotov6.ReadResourceRequest) (*tfprotov6.ReadResourceResponse, error) {
	if req.TypeName == webhookTypeName {
		if state, ok := webhookOnWire(req.CurrentState); ok && s.provider.data.sees(&state) {
			identity, err := msgpack.Marshal(map[string]string{"id": state.ID.ValueString()})
			return &tfprotov6.ReadResourceResponse{
				NewState: req.CurrentState, Private: req.Private,
				NewIdentity: &tfprotov6.ResourceIdentityData{IdentityData: &tfprotov6.DynamicValue{MsgPack: identity}},
			}, err
		}
	}
	return s.ProviderServer.ReadResource(ctx, req)
}

func (s server) PlanResourceChange(ctx context.Context, req *tfprotov6.PlanResourceChangeRequest) (*tfprotov6.PlanResourceChangeResponse, error) {
	if req.TypeName == webhookTypeName && req.PriorState != nil && req.ProposedNewState != nil {
		switch {
		case isNull(req.PriorState):
			if planned := s.provider.data.planNew(ctx, req.Config); planned != nil {
				null := &tfprotov6.DynamicValue{MsgPack: []byte{msgpcode.Nil}}
				return &tfprotov6.PlanResourceChangeResponse{PlannedState: planned, PlannedIdentity: &tfprotov6.ResourceIdentityData{IdentityData: null}}, nil
			}
		case bytes.Equal(req.PriorState.MsgPack, req.ProposedNewState.MsgPack):
			// Terraform proposes the prior value of what configuration leaves out,
			// where the plan has the default: nothing can change a prior webhook
			// only if that has all defaults.
			if prior, ok := webhookOnWire(req.PriorState); ok && prior.hasDefaults() && prior.unremarkable() {
				return &tfprotov6.PlanResourceChangeResponse{PlannedState: req.PriorState, PlannedPrivate: req.PriorPrivate, PlannedIdentity: req.PriorIdentity}, nil
			}
		}
	}
	return s.ProviderServer.PlanResourceChange(ctx, req)
}

func isNull(value *tfprotov6.DynamicValue) bool {
	return bytes.Equal(value.MsgPack, []byte{msgpcode.Nil})
}

// planNew plans a webhook that is about to be created; it returns nil if there
// is anything to say about it.
func (d *providerData) planNew(ctx context.Context, config *tfprotov6.DynamicValue) *tfprotov6.DynamicValue {
	plan, ok := webhookOnWire(config)
	if !ok || !plan.surelyValid(ctx) {
		return nil
	}
	plan.ID, plan.LiveMode, plan.CreatedTime, plan.UpdatedTime = types.StringUnknown(), types.BoolUnknown(), types.StringUnknown(), types.StringUnknown()
	if plan.Enabled.IsNull() {
		plan.Enabled = types.BoolValue(true)
	}
	if plan.APIVersion.IsNull() {
		plan.APIVersion = types.StringValue(apiVersionDefault)
	}
	plan.TransportType = plan.plannedTransport()
	var diags diag.Diagnostics
	d.warn(ctx, &plan, nil, &diags)
	raw := plan.raw(ctx, &diags)
	planned, err := tfprotov6.NewDynamicValue(raw.Type(), raw)
	if err != nil || len(diags) > 0 {
		return nil
	}
	return &planned
}

// surelyValid tells whether a configuration is valid. One with credentials may
// be so too.
func (m *webhookModel) surelyValid(ctx context.Context) bool {
	var checked validator.ListResponse
	eventTypes{}.ValidateList(ctx, validator.ListRequest{ConfigValue: m.Types}, &checked)
	return m.ID.IsNull() && m.LiveMode.IsNull() && m.CreatedTime.IsNull() && m.UpdatedTime.IsNull() &&
		m.Authentication.IsNull() && m.OAuth.IsNull() &&
		(m.APIVersion.IsNull() || apiVersion{}.accepts(m.APIVersion.ValueString())) &&
		(m.TransportType.IsNull() || m.TransportType.ValueString() == digitalriver.TransportHTTP) &&
		httpURL{plain: true}.accepts(m.Address.ValueString()) &&
		!m.Types.IsNull() && len(checked.Diagnostics) == 0
}

// unremarkable tells whether nobody has to be warned of a webhook.
func (m *webhookModel) unremarkable() bool {
	var warnings diag.Diagnostics
	m.warnOffline(&warnings)
	return len(warnings) == 0
}

// sees tells whether the list of webhooks is at hand and has a webhook as state
// has it. What `latest` stands for is not in state alone.
func (d *providerData) sees(state *webhookModel) bool {
	if d == nil || d.client == nil || state.APIVersion.ValueString() == apiVersionLatest {
		return false
	}
	id := state.ID.ValueString()
	webhook := d.client.ListedWebhook(id)
	if webhook == nil || d.checkMode(webhook.LiveMode).HasError() {
		return false
	}
	answered := state.withAnswer(webhook)
	if !answered.equal(state) {
		return false
	}
	d.refreshed.Store(id, true)
	return true
}
