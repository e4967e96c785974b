// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"reflect"
	"strings"
	"sync"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	datasourceschema "github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/digitalriver"
)

// webhookField is one attribute of a webhook.
type webhookField struct {
	name          string           // of the attribute
	member        string           // of the API's JSON
	index         int              // of the field in webhookModel
	attribute     schema.Attribute // in the schema
	null, unknown attr.Value
}

// fieldList is the list of attributes that decoding, encoding, comparing, error
// mapping and data sources range over.
type fieldList []webhookField

// webhookFields joins the fields of webhookModel with the schema's attributes
// and the API's members. An attribute has the name of its member, in snake case.
var webhookFields = sync.OnceValue(func() fieldList {
	ctx := context.Background()
	attributes := webhookSchema().Attributes
	model := reflect.TypeFor[webhookModel]()
	fields := make(fieldList, model.NumField())
	for i := range fields {
		name := model.Field(i).Tag.Get("tfsdk")
		valueType := attributes[name].GetType()
		valueOf := func(of any) attr.Value {
			value, err := valueType.ValueFromTerraform(ctx, tftypes.NewValue(valueType.TerraformType(ctx), of))
			if err != nil {
				panic(err)
			}
			return value
		}
		fields[i] = webhookField{
			name: name, member: memberOf(name), index: i, attribute: attributes[name],
			null: valueOf(nil), unknown: valueOf(tftypes.UnknownValue),
		}
	}
	return fields
})

// nullWebhook returns a webhook without any value.
func nullWebhook() webhookModel {
	var m webhookModel
	for _, field := range webhookFields() {
		m.set(field, field.null)
	}
	return m
}

// memberOf returns the name that the API's JSON has for an attribute.
func memberOf(attribute string) string {
	webhook := reflect.TypeFor[digitalriver.Webhook]()
	for i := range webhook.NumField() {
		member, _, _ := strings.Cut(webhook.Field(i).Tag.Get("json"), ",")
		if isMemberOf(attribute, member) {
			return member
		}
	}
	return ""
}

// isMemberOf reports whether an attribute holds a member of the API: api_version
// holds apiVersion, token_endpoint holds tokenEndPoint.
func isMemberOf(attribute, member string) bool {
	return strings.EqualFold(strings.ReplaceAll(attribute, "_", ""), member)
}

// configurable reports whether a configuration can set the attribute.
func (f webhookField) configurable() bool {
	return f.attribute.IsRequired() || f.attribute.IsOptional()
}

// isObject reports whether the attribute holds attributes of its own.
func (f webhookField) isObject() bool {
	_, nested := f.attribute.(schema.SingleNestedAttribute)
	return nested
}

func (l fieldList) names() []string {
	names := make([]string, len(l))
	for i, field := range l {
		names[i] = field.name
	}
	return names
}

// objectType returns the types of the attributes in a nested attribute.
func (l fieldList) objectType(name string) map[string]attr.Type {
	for _, field := range l {
		if field.name == name {
			object, _ := field.attribute.GetType().(types.ObjectType)
			return object.AttrTypes
		}
	}
	return nil
}

func (m *webhookModel) get(field webhookField) attr.Value {
	value, _ := reflect.ValueOf(m).Elem().Field(field.index).Interface().(attr.Value)
	return value
}

func (m *webhookModel) set(field webhookField, value attr.Value) {
	reflect.ValueOf(m).Elem().Field(field.index).Set(reflect.ValueOf(value))
}

// differences returns the configurable attributes that are not equal.
func (m *webhookModel) differences(other *webhookModel) fieldList {
	var different fieldList
	for _, field := range webhookFields() {
		if field.configurable() && !m.get(field).Equal(other.get(field)) {
			different = append(different, field)
		}
	}
	return different
}

// equal reports whether all attributes are equal.
func (m *webhookModel) equal(other *webhookModel) bool {
	for _, field := range webhookFields() {
		if !m.get(field).Equal(other.get(field)) {
			return false
		}
	}
	return true
}

// attributeOf returns the attribute that holds a parameter of the API:
// oauth.token_endpoint for oauth.tokenEndPoint, types for types[2].
func attributeOf(parameter string) (path.Path, bool) {
	member, nestedMember, nested := strings.Cut(parameter, ".")
	member, _, _ = strings.Cut(member, "[")
	for _, field := range webhookFields() {
		if field.member != member || !field.configurable() {
			continue
		}
		object, isObject := field.attribute.(schema.SingleNestedAttribute)
		if nested && isObject {
			for name := range object.Attributes {
				if isMemberOf(name, nestedMember) {
					return located(path.Root(field.name).AtName(name)), true
				}
			}
		}
		return path.Root(field.name), true
	}
	return path.Empty(), false
}

var computedWebhookAttributes = sync.OnceValue(func() map[string]datasourceschema.Attribute {
	return computedAttributes(webhookSchema().Attributes)
})

// computedAttributes returns the attributes that data sources have of a webhook:
// those of the resource without credentials. The first sentence of a description
// says what an attribute is, which holds for both; the rest says how to set it.
func computedAttributes(attributes map[string]schema.Attribute) map[string]datasourceschema.Attribute {
	computed := make(map[string]datasourceschema.Attribute, len(attributes))
	for name, attribute := range attributes {
		if isCredential(name, attribute) {
			continue
		}
		description := firstSentence(attribute.GetMarkdownDescription())
		switch attribute := attribute.(type) {
		case schema.StringAttribute:
			computed[name] = datasourceschema.StringAttribute{Computed: true, MarkdownDescription: description}
		case schema.BoolAttribute:
			computed[name] = datasourceschema.BoolAttribute{Computed: true, MarkdownDescription: description}
		case schema.ListAttribute:
			computed[name] = datasourceschema.ListAttribute{
				Computed: true, ElementType: attribute.ElementType, MarkdownDescription: description,
			}
		case schema.SingleNestedAttribute:
			computed[name] = datasourceschema.SingleNestedAttribute{
				Computed: true, Attributes: computedAttributes(attribute.Attributes), MarkdownDescription: description,
			}
		default:
			panic("no data source attribute for " + name)
		}
	}
	return computed
}

// isCredential reports whether an attribute holds a secret or belongs to one.
func isCredential(name string, attribute schema.Attribute) bool {
	return attribute.IsSensitive() || strings.HasSuffix(name, "_wo_version")
}

func firstSentence(text string) string {
	if sentence, _, more := strings.Cut(text, ". "); more {
		return sentence + "."
	}
	return text
}

// withoutCredentials returns m as data sources show it.
func (m webhookModel) withoutCredentials() webhookModel {
	for _, field := range webhookFields() {
		object, isObject := m.get(field).(types.Object)
		if !isObject {
			continue
		}
		kept, _ := computedWebhookAttributes()[field.name].GetType().(types.ObjectType)
		if object.IsNull() {
			m.set(field, types.ObjectNull(kept.AttrTypes))
			continue
		}
		values := make(map[string]attr.Value, len(kept.AttrTypes))
		for name := range kept.AttrTypes {
			values[name] = object.Attributes()[name]
		}
		m.set(field, types.ObjectValueMust(kept.AttrTypes, values))
	}
	return m
}
