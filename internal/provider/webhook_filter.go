// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework-validators/listvalidator"
	datasourceschema "github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	listschema "github.com/hashicorp/terraform-plugin-framework/list/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/catalog"
	"github.com/digitalriver/terraform-provider-digitalriver/internal/digitalriver"
)

// webhookFilter selects webhooks. The data source digitalriver_webhooks and the
// list resources have it in common.
type webhookFilter struct {
	Types         types.List   `tfsdk:"types"`
	Enabled       types.Bool   `tfsdk:"enabled"`
	Address       types.String `tfsdk:"address"`
	AddressPrefix types.String `tfsdk:"address_prefix"`
	TransportType types.String `tfsdk:"transport_type"`
}

// filterAttributes returns the attributes of webhookFilter for a data source.
func filterAttributes() map[string]datasourceschema.Attribute {
	return map[string]datasourceschema.Attribute{
		"types": datasourceschema.ListAttribute{
			Optional: true, ElementType: types.StringType,
			Validators: []validator.List{
				listvalidator.SizeAtLeast(1),
				listvalidator.ValueStringsAre(&typePatternValidator{}),
			},
			MarkdownDescription: "Only webhooks that receive at least one of these event types or patterns, such as " +
				"`order.*`. `*` matches any characters, including dots. The list must not be empty.",
		},
		"enabled": datasourceschema.BoolAttribute{
			Optional:            true,
			MarkdownDescription: "Only webhooks that are enabled (`true`) or disabled (`false`).",
		},
		"address": datasourceschema.StringAttribute{
			Optional:            true,
			Validators:          []validator.String{&nonEmptyValidator{}},
			MarkdownDescription: "Only webhooks with exactly this address.",
		},
		"address_prefix": datasourceschema.StringAttribute{
			Optional:            true,
			Validators:          []validator.String{&nonEmptyValidator{}},
			MarkdownDescription: "Only webhooks whose address begins with this prefix.",
		},
		"transport_type": datasourceschema.StringAttribute{
			Optional:            true,
			Validators:          []validator.String{&oneOfValidator{digitalriver.TransportHTTP, digitalriver.TransportOAuth}},
			MarkdownDescription: "Only webhooks with this transport type, `HTTP` or `OAUTH`.",
		},
	}
}

// listFilterAttributes returns the attributes of webhookFilter for a list resource.
func listFilterAttributes() map[string]listschema.Attribute {
	attributes := make(map[string]listschema.Attribute)
	for name, attribute := range filterAttributes() {
		switch attribute := attribute.(type) {
		case datasourceschema.StringAttribute:
			attributes[name] = listschema.StringAttribute{
				Optional: true, Validators: attribute.Validators, MarkdownDescription: attribute.MarkdownDescription,
			}
		case datasourceschema.BoolAttribute:
			attributes[name] = listschema.BoolAttribute{
				Optional: true, Validators: attribute.Validators, MarkdownDescription: attribute.MarkdownDescription,
			}
		case datasourceschema.ListAttribute:
			attributes[name] = listschema.ListAttribute{
				Optional: true, ElementType: attribute.ElementType,
				Validators: attribute.Validators, MarkdownDescription: attribute.MarkdownDescription,
			}
		default:
			panic("no list resource attribute for " + name)
		}
	}
	return attributes
}

// selectFrom returns the webhooks that match all filters, sorted by address, then
// by ID.
func (f *webhookFilter) selectFrom(webhooks []*digitalriver.Webhook) []*digitalriver.Webhook {
	var selected []*digitalriver.Webhook
	for _, webhook := range webhooks {
		if f.matches(webhook) {
			selected = append(selected, webhook)
		}
	}
	slices.SortFunc(selected, func(a, b *digitalriver.Webhook) int {
		return strings.Compare(a.Address+"\x00"+a.ID, b.Address+"\x00"+b.ID)
	})
	return selected
}

func (f *webhookFilter) matches(webhook *digitalriver.Webhook) bool {
	differs := func(filter types.String, value string) bool {
		return !filter.IsNull() && filter.ValueString() != value
	}
	switch {
	case !f.Enabled.IsNull() && f.Enabled.ValueBool() != webhook.Enabled,
		differs(f.Address, webhook.Address),
		differs(f.TransportType, webhook.TransportType),
		!strings.HasPrefix(webhook.Address, f.AddressPrefix.ValueString()):
		return false
	}
	return f.Types.IsNull() || slices.ContainsFunc(stringsOf(f.Types), func(pattern string) bool {
		return slices.ContainsFunc(webhook.Types, func(name string) bool { return catalog.Matches(pattern, name) })
	})
}
