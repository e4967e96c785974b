// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-framework/action"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	datasourceschema "github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/pb33f/libopenapi"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/digitalriver"
	"github.com/digitalriver/terraform-provider-digitalriver/internal/sandbox"
)

// The tests in this file hold the code to the structure that CONTRIBUTING.md
// describes: they notice what somebody forgets who adds an attribute, a resource
// or a data source.

// TestSchemas_areValid runs the framework's own checks on every schema.
func TestSchemas_areValid(t *testing.T) {
	ctx := t.Context()
	p := newProvider("test", &testClock{})
	check := func(name string, diags diag.Diagnostics) {
		for _, d := range diags {
			t.Errorf("%s: %s: %s", name, d.Summary(), d.Detail())
		}
	}
	var ofProvider provider.SchemaResponse
	p.Schema(ctx, provider.SchemaRequest{}, &ofProvider)
	check("provider", ofProvider.Schema.ValidateImplementation(ctx))
	for _, newResource := range p.Resources(ctx) {
		r := newResource()
		var resp resource.SchemaResponse
		r.Schema(ctx, resource.SchemaRequest{}, &resp)
		check(reflect.TypeOf(r).String(), resp.Schema.ValidateImplementation(ctx))
		withIdentity, ok := r.(resource.ResourceWithIdentity)
		if !ok {
			t.Errorf("%T has no identity", r)
			continue
		}
		var identity resource.IdentitySchemaResponse
		withIdentity.IdentitySchema(ctx, resource.IdentitySchemaRequest{}, &identity)
		check(reflect.TypeOf(r).String(), identity.IdentitySchema.ValidateImplementation(ctx))
	}
	for _, newDataSource := range p.DataSources(ctx) {
		d := newDataSource()
		var resp datasource.SchemaResponse
		d.Schema(ctx, datasource.SchemaRequest{}, &resp)
		check(reflect.TypeOf(d).String(), resp.Schema.ValidateImplementation(ctx))
	}
	for _, newEphemeralResource := range p.EphemeralResources(ctx) {
		e := newEphemeralResource()
		var resp ephemeral.SchemaResponse
		e.Schema(ctx, ephemeral.SchemaRequest{}, &resp)
		check(reflect.TypeOf(e).String(), resp.Schema.ValidateImplementation(ctx))
	}
	for _, newFunction := range p.Functions(ctx) {
		f := newFunction()
		var resp function.DefinitionResponse
		f.Definition(ctx, function.DefinitionRequest{}, &resp)
		var validated function.DefinitionValidateResponse
		resp.Definition.ValidateImplementation(ctx, function.DefinitionValidateRequest{FuncName: "f"}, &validated)
		check(reflect.TypeOf(f).String(), validated.Diagnostics)
	}
}

// TestSchemas_areDescribed checks that every attribute has a description that
// ends like a sentence, and that tells the range of a number and the default.
func TestSchemas_areDescribed(t *testing.T) {
	ctx := t.Context()
	p := newProvider("test", &testClock{})
	check := func(name, description string) {
		if !strings.HasSuffix(description, ".") {
			t.Errorf("%s: the description %q is not a sentence", name, description)
		}
	}
	checkAttribute := func(name string, attribute interface{ GetMarkdownDescription() string }) {
		description := attribute.GetMarkdownDescription()
		check(name, description)
		for _, limit := range limitsOf(ctx, attribute) {
			if !strings.Contains(description, limit) {
				t.Errorf("%s: the description %q does not tell %q", name, description, limit)
			}
		}
	}
	var ofProvider provider.SchemaResponse
	p.Schema(ctx, provider.SchemaRequest{}, &ofProvider)
	for name, attribute := range ofProvider.Schema.Attributes {
		checkAttribute("provider."+name, attribute)
	}
	for _, newResource := range p.Resources(ctx) {
		r := newResource()
		var resp resource.SchemaResponse
		r.Schema(ctx, resource.SchemaRequest{}, &resp)
		check(reflect.TypeOf(r).String(), resp.Schema.MarkdownDescription)
		eachAttribute(reflect.TypeOf(r).String(), resp.Schema.Attributes, func(name string, attribute schema.Attribute) {
			checkAttribute(name, attribute)
		})
	}
	for _, newAction := range p.Actions(ctx) {
		a := newAction()
		var resp action.SchemaResponse
		a.Schema(ctx, action.SchemaRequest{}, &resp)
		check(reflect.TypeOf(a).String(), resp.Schema.MarkdownDescription)
		for name, attribute := range resp.Schema.Attributes {
			checkAttribute(reflect.TypeOf(a).String()+"."+name, attribute)
		}
	}
	for _, newDataSource := range p.DataSources(ctx) {
		d := newDataSource()
		var resp datasource.SchemaResponse
		d.Schema(ctx, datasource.SchemaRequest{}, &resp)
		check(reflect.TypeOf(d).String(), resp.Schema.MarkdownDescription)
		eachDataSourceAttribute(reflect.TypeOf(d).String(), resp.Schema.Attributes,
			func(name string, attribute datasourceschema.Attribute) {
				check(name, attribute.GetMarkdownDescription())
			})
	}
}

// limitsOf are the numbers that the validators of a number name, and the words for
// a default.
func limitsOf(ctx context.Context, attribute any) []string {
	value := reflect.ValueOf(attribute)
	var limits []string
	if kind := value.Type().Name(); kind == "Int64Attribute" || kind == "Float64Attribute" {
		validators := value.FieldByName("Validators")
		for i := range validators.Len() {
			description := validators.Index(i).Interface().(validator.Describer).Description(ctx)
			for _, limit := range number.FindAllString(description, -1) {
				if strings.Contains(limit, ".") {
					limit = strings.TrimRight(limit, "0")
				}
				limits = append(limits, limit)
			}
		}
	}
	if field := value.FieldByName("Default"); field.IsValid() && !field.IsNil() {
		limits = append(limits, "Defaults to ")
	}
	return limits
}

var number = regexp.MustCompile(`\d+(\.\d+)?`)

// TestDataSources_haveNoCredentials checks that no data source can show a secret:
// a data source is always stored in state.
func TestDataSources_haveNoCredentials(t *testing.T) {
	for _, newDataSource := range newProvider("test", &testClock{}).DataSources(t.Context()) {
		d := newDataSource()
		var resp datasource.SchemaResponse
		d.Schema(t.Context(), datasource.SchemaRequest{}, &resp)
		eachDataSourceAttribute(reflect.TypeOf(d).String(), resp.Schema.Attributes,
			func(name string, attribute datasourceschema.Attribute) {
				last := name[strings.LastIndex(name, ".")+1:]
				if attribute.IsSensitive() || strings.Contains(last, "password") || strings.Contains(last, "secret") {
					t.Errorf("%s is a credential", name)
				}
			})
	}
}

// TestWebhookFields checks that the schema, webhookModel and the API's type have
// the same attributes, and that each of them is wherever it has to be.
func TestWebhookFields(t *testing.T) {
	attributes := webhookSchema().Attributes
	model := map[string]bool{}
	for i := range reflect.TypeFor[webhookModel]().NumField() {
		name := reflect.TypeFor[webhookModel]().Field(i).Tag.Get("tfsdk")
		model[name] = true
		if attributes[name] == nil {
			t.Errorf("webhookModel has %s, the schema does not", name)
		}
	}
	for name := range attributes {
		if !model[name] {
			t.Errorf("the schema has %s, webhookModel does not", name)
		}
	}
	if t.Failed() {
		return // webhookFields needs them to be the same.
	}
	for i := range reflect.TypeFor[digitalriver.Webhook]().NumField() {
		member, _, _ := strings.Cut(reflect.TypeFor[digitalriver.Webhook]().Field(i).Tag.Get("json"), ",")
		found := false
		for name := range attributes {
			found = found || isMemberOf(name, member)
		}
		if !found {
			t.Errorf("the API has %s, the schema does not", member)
		}
	}
	shown := computedWebhookAttributes()
	for _, field := range webhookFields() {
		if field.member == "" {
			t.Errorf("the API has no member for %s", field.name)
		}
		if _, isShown := shown[field.name]; !isShown {
			t.Errorf("the data sources do not show %s", field.name)
		}
		if !field.configurable() {
			continue
		}
		if at, ok := attributeOf(field.member); !ok || !at.Equal(path.Root(field.name)) {
			t.Errorf("an error about %s of the API is shown on %s", field.member, at)
		}
		nested, isObject := field.attribute.(schema.SingleNestedAttribute)
		if !isObject {
			continue
		}
		for name := range nested.Attributes {
			if isMember := !strings.Contains(name, "_wo"); !isMember {
				continue
			}
			at, ok := attributeOf(field.member + "." + apiMember(name))
			if want := located(path.Root(field.name).AtName(name)); !ok || !at.Equal(want) {
				t.Errorf("an error about %s.%s of the API is shown on %s", field.member, apiMember(name), at)
			}
		}
	}
}

// TestWebhookModel_keepsEveryMember turns an API response with every member set
// into state, and that into a request.
func TestWebhookModel_keepsEveryMember(t *testing.T) {
	var webhook digitalriver.Webhook
	fill(reflect.ValueOf(&webhook).Elem(), "webhook")
	empty := nullWebhook()
	imported := empty.withResponse(&webhook)
	// State with the plain form of each credential keeps what the API returns.
	prior := imported
	for _, field := range webhookFields() {
		object, isObject := prior.get(field).(types.Object)
		if !isObject {
			continue
		}
		values := object.Attributes()
		for name := range values {
			if _, isCredential := values[name+"_wo"]; isCredential {
				values[name] = types.StringValue("previous")
			}
		}
		prior.set(field, types.ObjectValueMust(object.AttributeTypes(t.Context()), values))
	}
	state := prior.withResponse(&webhook)
	for _, field := range webhookFields() {
		if state.get(field).IsNull() {
			t.Errorf("withResponse leaves %s out", field.name)
		}
	}
	want := webhook
	want.ID, want.LiveMode, want.CreatedTime, want.UpdatedTime = "", nil, time.Time{}, time.Time{}
	if diff := cmp.Diff(want, state.toWebhook(nullWebhook())); diff != "" {
		t.Errorf("toWebhook (-want +got):\n%s", diff)
	}
}

// TestOpenAPI_hasEveryMember checks that the sandbox's OpenAPI document, to which
// the tests hold client and sandbox, has the members that the client knows.
func TestOpenAPI_hasEveryMember(t *testing.T) {
	document, err := libopenapi.NewDocument(sandbox.OpenAPI)
	if err != nil {
		t.Fatal(err)
	}
	model, err := document.BuildV3Model()
	if err != nil {
		t.Fatal(err)
	}
	properties := func(schema string) []string {
		return slices.Sorted(model.Model.Components.Schemas.GetOrZero(schema).Schema().Properties.KeysFromOldest())
	}
	var all, settable []string
	for i := range reflect.TypeFor[digitalriver.Webhook]().NumField() {
		member, _, _ := strings.Cut(reflect.TypeFor[digitalriver.Webhook]().Field(i).Tag.Get("json"), ",")
		all = append(all, member)
		if _, ok := attributeOf(member); ok {
			settable = append(settable, member)
		}
	}
	slices.Sort(all)
	slices.Sort(settable)
	want := map[string][]string{"Webhook": all, "WebhookCreate": settable, "WebhookUpdate": settable}
	for schema, members := range want {
		if diff := cmp.Diff(members, properties(schema)); diff != "" {
			t.Errorf("%s (-client +openapi.yaml):\n%s", schema, diff)
		}
	}
}

// TestSandbox_keepsEveryMember creates webhooks in the sandbox with every member
// set, and reads them back.
func TestSandbox_keepsEveryMember(t *testing.T) {
	client, err := digitalriver.New(digitalriver.Config{APIKey: testKey, BaseURL: startSandbox(t).url})
	if err != nil {
		t.Fatal(err)
	}
	for _, transport := range []string{digitalriver.TransportHTTP, digitalriver.TransportOAuth} {
		var webhook digitalriver.Webhook
		fill(reflect.ValueOf(&webhook).Elem(), "webhook")
		webhook.ID, webhook.LiveMode, webhook.CreatedTime, webhook.UpdatedTime = "", nil, time.Time{}, time.Time{}
		webhook.Types, webhook.Address = []string{"order.accepted"}, "https://example.com"
		webhook.APIVersion, webhook.TransportType = "2021-12-13", transport
		webhook.OAuth.TokenEndPoint, webhook.OAuth.GrantType = "https://example.com/token", digitalriver.GrantPassword
		if transport == digitalriver.TransportHTTP {
			webhook.OAuth = nil
		} else {
			webhook.Authentication = nil
		}
		created, err := client.CreateWebhook(t.Context(), webhook)
		if err != nil {
			t.Fatal(err)
		}
		updated, err := client.UpdateWebhook(t.Context(), created.ID, webhook, settableMembers(transport)...)
		if err != nil {
			t.Fatal(err)
		}
		for _, got := range []digitalriver.Webhook{*created, *updated} {
			got.ID, got.LiveMode, got.CreatedTime, got.UpdatedTime = "", nil, time.Time{}, time.Time{}
			if diff := cmp.Diff(webhook, got); diff != "" {
				t.Errorf("%s (-sent +returned):\n%s", transport, diff)
			}
		}
	}
}

// settableMembers returns the members that an update can set with a transport type.
func settableMembers(transport string) []string {
	var members []string
	for _, field := range webhookFields() {
		other := field.name == "oauth" && transport == digitalriver.TransportHTTP ||
			field.name == "authentication" && transport == digitalriver.TransportOAuth
		if field.configurable() && !other {
			members = append(members, field.member)
		}
	}
	return members
}

// fill sets every field of a struct to a value of its own.
func fill(value reflect.Value, name string) {
	switch value.Interface().(type) {
	case time.Time:
		value.Set(reflect.ValueOf(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)))
		return
	case []string:
		value.Set(reflect.ValueOf([]string{name}))
		return
	}
	switch value.Kind() {
	case reflect.String:
		value.SetString(name)
	case reflect.Bool:
		value.SetBool(true)
	case reflect.Pointer:
		value.Set(reflect.New(value.Type().Elem()))
		fill(value.Elem(), name)
	case reflect.Struct:
		for i := range value.NumField() {
			fill(value.Field(i), name+"."+value.Type().Field(i).Name)
		}
	default:
		panic("fill does not know " + value.Type().String())
	}
}

// TestWebhookDefaults checks that the fast path knows every default: a type of
// attribute without defaults so far must not have one.
func TestWebhookDefaults(t *testing.T) {
	known := webhookDefaults()
	eachAttribute("", webhookSchema().Attributes, func(name string, attribute schema.Attribute) {
		value := reflect.ValueOf(attribute).FieldByName("Default")
		_, isKnown := known[strings.TrimPrefix(name, ".")]
		if hasDefault := value.IsValid() && !value.IsNil(); hasDefault != isKnown {
			t.Errorf("%s: has a default: %t, the fast path knows it: %t", name, hasDefault, isKnown)
		}
	})
	want := map[string]attr.Value{
		"enabled": types.BoolValue(true), "api_version": types.StringValue("default"),
		"oauth.grant_type": types.StringValue("password"),
	}
	if diff := cmp.Diff(want, known); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// eachAttribute visits the attributes of a schema and those nested in them.
func eachAttribute(
	prefix string, attributes map[string]schema.Attribute, visit func(name string, attribute schema.Attribute),
) {
	for name, attribute := range attributes {
		visit(prefix+"."+name, attribute)
		if nested, ok := attribute.(schema.SingleNestedAttribute); ok {
			eachAttribute(prefix+"."+name, nested.Attributes, visit)
		}
	}
}

func eachDataSourceAttribute(
	prefix string, attributes map[string]datasourceschema.Attribute,
	visit func(name string, attribute datasourceschema.Attribute),
) {
	for name, attribute := range attributes {
		visit(prefix+"."+name, attribute)
		switch attribute := attribute.(type) {
		case datasourceschema.SingleNestedAttribute:
			eachDataSourceAttribute(prefix+"."+name, attribute.Attributes, visit)
		case datasourceschema.ListNestedAttribute:
			eachDataSourceAttribute(prefix+"."+name, attribute.NestedObject.Attributes, visit)
		}
	}
}
