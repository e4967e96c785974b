// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// fakeAWS has the resources of the AWS provider that the examples use, and keeps
// the write-only secrets that it gets.
type fakeAWS struct{ secrets []string }

func (p *fakeAWS) Metadata(_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse) {
	resp.TypeName = "aws"
}

func (p *fakeAWS) Schema(context.Context, provider.SchemaRequest, *provider.SchemaResponse) {}

func (p *fakeAWS) Configure(context.Context, provider.ConfigureRequest, *provider.ConfigureResponse) {
}

func (p *fakeAWS) DataSources(context.Context) []func() datasource.DataSource { return nil }

func (p *fakeAWS) Resources(context.Context) []func() resource.Resource {
	required := schema.StringAttribute{Required: true}
	writeOnly := schema.StringAttribute{Required: true, WriteOnly: true}
	return []func() resource.Resource{
		func() resource.Resource {
			return &fakeAWSResource{p, "aws_secretsmanager_secret", map[string]schema.Attribute{
				"id": schema.StringAttribute{Computed: true}, "name": required,
			}}
		},
		func() resource.Resource {
			return &fakeAWSResource{p, "aws_secretsmanager_secret_version", map[string]schema.Attribute{
				"id": schema.StringAttribute{Computed: true}, "secret_id": required,
				"secret_string_wo": writeOnly, "secret_string_wo_version": schema.Int64Attribute{Required: true},
			}}
		},
	}
}

// fakeAWSResource stores what is planned, under a fixed id.
type fakeAWSResource struct {
	*fakeAWS
	name       string
	attributes map[string]schema.Attribute
}

func (r *fakeAWSResource) Metadata(_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = r.name
}

func (r *fakeAWSResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = schema.Schema{Attributes: r.attributes}
}

func (r *fakeAWSResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	resp.State.Raw = req.Plan.Raw
	resp.Diagnostics.Append(r.store(ctx, req.Config, &resp.State)...)
}

func (r *fakeAWSResource) Read(context.Context, resource.ReadRequest, *resource.ReadResponse) {}

func (r *fakeAWSResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	resp.State.Raw = req.Plan.Raw
	resp.Diagnostics.Append(r.store(ctx, req.Config, &resp.State)...)
}

func (r *fakeAWSResource) store(ctx context.Context, config tfsdk.Config, state *tfsdk.State) diag.Diagnostics {
	if _, ok := r.attributes["secret_string_wo"]; ok {
		var secret types.String
		if diags := config.GetAttribute(ctx, path.Root("secret_string_wo"), &secret); diags.HasError() {
			return diags
		}
		r.secrets = append(r.secrets, secret.ValueString())
	}
	return state.SetAttribute(ctx, path.Root("id"), r.name)
}

func (r *fakeAWSResource) Delete(context.Context, resource.DeleteRequest, *resource.DeleteResponse) {}
