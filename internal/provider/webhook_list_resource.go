// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"fmt"
	"iter"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/list"
	listschema "github.com/hashicorp/terraform-plugin-framework/list/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/digitalriver"
	"github.com/digitalriver/terraform-provider-digitalriver/internal/redact"
)

var (
	_ list.ListResource              = (*webhookListResource)(nil)
	_ list.ListResourceWithConfigure = (*webhookListResource)(nil)
)

// webhookListResource lists webhooks for `terraform query`.
type webhookListResource struct {
	data *providerData
}

func newWebhookListResource() list.ListResource { return &webhookListResource{} }

func (r *webhookListResource) Metadata(
	_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse,
) {
	resp.TypeName = webhookTypeName
}

func (r *webhookListResource) ListResourceConfigSchema(
	_ context.Context, _ list.ListResourceSchemaRequest, resp *list.ListResourceSchemaResponse,
) {
	resp.Schema = listschema.Schema{
		MarkdownDescription: "Lists the webhooks in the account and mode of the API key, sorted by address, for " +
			"`terraform query`. With filters, it lists the webhooks that match all of them.",
		Attributes: listFilterAttributes(),
	}
}

func (r *webhookListResource) Configure(
	_ context.Context, req resource.ConfigureRequest, _ *resource.ConfigureResponse,
) {
	r.data = providerDataOf(req.ProviderData)
}

func (r *webhookListResource) List(ctx context.Context, req list.ListRequest, stream *list.ListResultsStream) {
	webhooks, diags := r.data.listFor(ctx, req)
	stream.Results = listResults(ctx, diags, webhooks,
		func(ctx context.Context, webhook *digitalriver.Webhook) list.ListResult {
			result := newListResult(ctx, req, webhook, displayName(webhook))
			if req.IncludeResource {
				prior := nullWebhook()
				imported := prior.withResponse(webhook)
				raw, diags := imported.raw(ctx)
				result.Resource.Raw = raw
				result.Diagnostics.Append(diags...)
			}
			return result
		})
}

// listFor returns the webhooks that a list resource lists, and warnings about
// those that are missing. It sends one request for all of them.
func (d *providerData) listFor(
	ctx context.Context, req list.ListRequest,
) ([]*digitalriver.Webhook, diag.Diagnostics) {
	client, diags := d.api()
	var filter webhookFilter
	diags.Append(req.Config.Get(ctx, &filter)...)
	if diags.HasError() {
		return nil, diags
	}
	listed, complete, err := client.ListWebhooks(ctx)
	if err != nil {
		return nil, append(diags, apiDiagnostics("the list of webhooks", err)...)
	}
	if live, known := client.LiveMode(); known {
		diags.Append(d.checkMode(live)...)
	}
	diags.Append(incompleteListWarning(complete, len(listed))...)
	selected := filter.selectFrom(listed)
	if found := int64(len(selected)); req.Limit > 0 && found > req.Limit {
		diags.AddWarning("Not all webhooks are listed",
			fmt.Sprintf("%d webhooks match, but the limit of this list block is %d, so %d are left out. Set limit to %d or "+
				"more.", found, req.Limit, found-req.Limit, found))
		selected = selected[:req.Limit]
	}
	return selected, diags
}

// listParallel is how many results are prepared ahead of the one that is read.
const listParallel = 10

// listResults streams diagnostics and then, in order, a result for each webhook.
// An error ends the stream.
func listResults(
	ctx context.Context, diags diag.Diagnostics, webhooks []*digitalriver.Webhook,
	result func(context.Context, *digitalriver.Webhook) list.ListResult,
) iter.Seq[list.ListResult] {
	return func(yield func(list.ListResult) bool) {
		// Terraform stops reading at the limit, so the warnings come first.
		if len(diags) > 0 && (!yield(list.ListResult{Diagnostics: diags}) || diags.HasError()) {
			return
		}
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		queue := make(chan chan list.ListResult, listParallel)
		go func() {
			defer close(queue)
			for _, webhook := range webhooks {
				ready := make(chan list.ListResult, 1)
				select {
				case queue <- ready:
					go func() { ready <- result(ctx, webhook) }()
				case <-ctx.Done():
					return
				}
			}
		}()
		for ready := range queue {
			if r := <-ready; !yield(r) || r.Diagnostics.HasError() {
				return
			}
		}
	}
}

// newListResult returns the result for an object whose identity is the ID of a
// webhook.
func newListResult(
	ctx context.Context, req list.ListRequest, webhook *digitalriver.Webhook, name string,
) list.ListResult {
	result := req.NewListResult(ctx)
	result.DisplayName = name
	result.Diagnostics.Append(setIdentity(ctx, result.Identity, webhook.ID)...)
	return result
}

// displayName returns a name by which a person recognizes a webhook: its address
// without credentials, and what it receives.
func displayName(webhook *digitalriver.Webhook) string {
	types := "1 event type"
	if n := len(webhook.Types); n != 1 {
		types = fmt.Sprintf("%d event types", n)
	}
	if !webhook.Enabled {
		types += ", disabled"
	}
	return fmt.Sprintf("%s (%s)", redact.URL(webhook.Address), types)
}
