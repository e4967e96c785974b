package provider

import (
	"bytes"
	"context"
	"os"
	"runtime/debug"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6/tf6server"
)

// Serve serves the provider of a version to Terraform until Terraform ends it.
// With debugging, it waits for Terraform to be pointed at it instead.
func Serve(version string, debugging bool) error {
	// The process lives for seconds and has little to keep: collecting garbage
	// less often saves a good part of a large plan's time, up to an amount of
	// memory that is worth it.
	if os.Getenv("GOGC") == "" && os.Getenv("GOMEMLIMIT") == "" {
		debug.SetGCPercent(400)
		debug.SetMemoryLimit(110 << 20)
	}
	quietLog()
	var options []tf6server.ServeOpt
	if debugging {
		options = append(options, tf6server.WithManagedDebug())
	}
	return tf6server.Serve(Address, func() tfprotov6.ProviderServer {
		return newServer(New(version)().(*digitalRiver)) //nolint:forcetypeassert // New returns nothing else.
	}, options...)
}

// quietLog turns the log of the plugin SDK off when nobody asked for a log. By
// default the SDK writes dozens of lines for every resource, which Terraform
// reads, parses and drops.
func quietLog() {
	for _, name := range []string{"TF_LOG", "TF_LOG_PROVIDER", "TF_LOG_SDK", "TF_LOG_SDK_FRAMEWORK", "TF_LOG_SDK_PROTO"} {
		if os.Getenv(name) != "" {
			return
		}
	}
	for _, name := range []string{"TF_LOG_SDK", "TF_LOG_SDK_FRAMEWORK", "TF_LOG_SDK_PROTO"} {
		_ = os.Setenv(name, "off")
	}
}

// server is the framework's server, but for plans of webhooks that change
// nothing. Those it answers itself: the framework would decode, walk and encode
// the webhook many times over to come to the same result (what that brings
// stands in DESIGN.md).
type server struct{ tfprotov6.ProviderServer }

func newServer(p *digitalRiver) tfprotov6.ProviderServer {
	return server{providerserver.NewProtocol6(p)()}
}

func (s server) PlanResourceChange(ctx context.Context, req *tfprotov6.PlanResourceChangeRequest) (*tfprotov6.PlanResourceChangeResponse, error) {
	if req.TypeName == webhookTypeName && unchanged(ctx, req) {
		return &tfprotov6.PlanResourceChangeResponse{PlannedState: req.PriorState, PlannedPrivate: req.PriorPrivate, PlannedIdentity: req.PriorIdentity}, nil
	}
	return s.ProviderServer.PlanResourceChange(ctx, req)
}

// unchanged tells whether a plan surely changes nothing. Terraform proposes the
// prior value of what configuration leaves out, where the plan has the default:
// only a prior webhook with all defaults is one that nothing can change.
func unchanged(ctx context.Context, req *tfprotov6.PlanResourceChangeRequest) bool {
	prior, proposed := req.PriorState, req.ProposedNewState
	if prior == nil || proposed == nil || len(prior.MsgPack) == 0 || !bytes.Equal(prior.MsgPack, proposed.MsgPack) {
		return false
	}
	raw, err := prior.Unmarshal(webhookType.TerraformType(ctx))
	if err != nil || raw.IsNull() {
		return false
	}
	var diags diag.Diagnostics
	webhook := webhookFrom(ctx, raw, &diags)
	webhook.warnOffline(&diags)
	return len(diags) == 0 && webhook.hasDefaults()
}
