// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// managedObject is one object of a resource type, driven over the protocol as
// Terraform does: import, refresh, plan, apply. Unlike Terraform it lets a test
// change anything between two plans.
type managedObject struct {
	t        *testing.T
	server   tfprotov6.ProviderServer
	typeName string
	schema   schema.Schema
	kind     tftypes.Object
	state    tftypes.Value
	private  []byte
}

func newManagedObject(
	t *testing.T, server tfprotov6.ProviderServer, typeName string, r resource.Resource,
) *managedObject {
	t.Helper()
	var resp resource.SchemaResponse
	r.Schema(t.Context(), resource.SchemaRequest{}, &resp)
	kind, _ := resp.Schema.Type().TerraformType(t.Context()).(tftypes.Object)
	return &managedObject{
		t: t, server: server, typeName: typeName, schema: resp.Schema, kind: kind, state: tftypes.NewValue(kind, nil),
	}
}

func (m *managedObject) decode(value *tfprotov6.DynamicValue) tftypes.Value {
	m.t.Helper()
	decoded, err := value.Unmarshal(m.kind)
	if err != nil {
		m.t.Fatal(err)
	}
	return decoded
}

func (m *managedObject) importID(id string) {
	m.t.Helper()
	resp, err := m.server.ImportResourceState(m.t.Context(),
		&tfprotov6.ImportResourceStateRequest{TypeName: m.typeName, ID: id})
	if err != nil || len(resp.ImportedResources) != 1 {
		m.t.Fatal(err, resp)
	}
	m.state, m.private = m.decode(resp.ImportedResources[0].State), resp.ImportedResources[0].Private
	for _, d := range m.refreshWithWarnings() {
		if d.Severity == tfprotov6.DiagnosticSeverityError {
			m.t.Fatal(d)
		}
	}
}

func (m *managedObject) refresh() {
	m.t.Helper()
	if diagnostics := m.refreshWithWarnings(); len(diagnostics) > 0 {
		m.t.Fatal(diagnostics)
	}
}

func (m *managedObject) refreshWithWarnings() []*tfprotov6.Diagnostic {
	m.t.Helper()
	resp, err := m.server.ReadResource(m.t.Context(), &tfprotov6.ReadResourceRequest{
		TypeName: m.typeName, CurrentState: dynamicValue(m.t, m.state), Private: m.private,
	})
	if err != nil {
		m.t.Fatal(err)
	}
	m.state, m.private = m.decode(resp.NewState), resp.Private
	return resp.Diagnostics
}

// plan plans a configuration and returns the planned attributes.
func (m *managedObject) plan(config object) map[string]tftypes.Value {
	m.t.Helper()
	planned, _ := m.planned(config)
	return decodedAs[map[string]tftypes.Value](m.t, planned)
}

func (m *managedObject) planned(config object) (planned tftypes.Value, private []byte) {
	m.t.Helper()
	resp := m.planResponse(valueOfJSON(m.t, m.kind, config))
	if hasError(resp.Diagnostics) {
		m.t.Fatal(resp.Diagnostics)
	}
	return m.decode(resp.PlannedState), resp.PlannedPrivate
}

// planDiagnostics plans a configuration, or the destruction if it is nil, and returns
// the diagnostics.
func (m *managedObject) planDiagnostics(config object) []*tfprotov6.Diagnostic {
	m.t.Helper()
	if config == nil {
		return m.planResponse(tftypes.NewValue(m.kind, nil)).Diagnostics
	}
	return m.planResponse(valueOfJSON(m.t, m.kind, config)).Diagnostics
}

func (m *managedObject) planResponse(configured tftypes.Value) *tfprotov6.PlanResourceChangeResponse {
	m.t.Helper()
	resp, err := m.server.PlanResourceChange(m.t.Context(), &tfprotov6.PlanResourceChangeRequest{
		TypeName: m.typeName, Config: dynamicValue(m.t, configured), PriorState: dynamicValue(m.t, m.state),
		ProposedNewState: dynamicValue(m.t, proposedState(m.t.Context(), m.schema.Attributes, m.state, configured)),
		PriorPrivate:     m.private,
	})
	if err != nil {
		m.t.Fatal(err)
	}
	return resp
}

// apply plans a configuration and applies it. It returns whether that succeeded.
func (m *managedObject) apply(config object) bool {
	m.t.Helper()
	return !hasError(m.applyDiagnostics(config))
}

// applyDiagnostics plans a configuration, applies it and returns the diagnostics of
// the apply.
func (m *managedObject) applyDiagnostics(config object) []*tfprotov6.Diagnostic {
	m.t.Helper()
	planned, private := m.planned(config)
	resp, err := m.server.ApplyResourceChange(m.t.Context(), &tfprotov6.ApplyResourceChangeRequest{
		TypeName: m.typeName, Config: dynamicValue(m.t, valueOfJSON(m.t, m.kind, config)),
		PriorState: dynamicValue(m.t, m.state), PlannedState: dynamicValue(m.t, planned), PlannedPrivate: private,
	})
	if err != nil {
		m.t.Fatal(err)
	}
	m.state, m.private = m.decode(resp.NewState), resp.Private
	return resp.Diagnostics
}

func hasError(diagnostics []*tfprotov6.Diagnostic) bool {
	return slices.ContainsFunc(diagnostics, func(d *tfprotov6.Diagnostic) bool {
		return d.Severity == tfprotov6.DiagnosticSeverityError
	})
}

// unknown is a value of the configuration that is not known yet.
func (m *managedObject) unknown(attribute string) tftypes.Value {
	return tftypes.NewValue(m.kind.AttributeTypes[attribute], tftypes.UnknownValue)
}

// checkSamePlan fails the test unless Terraform accepts the second plan after the
// first: what the first showed as known must be the same.
func checkSamePlan(t *testing.T, first, second map[string]tftypes.Value) {
	t.Helper()
	var check func(at string, before, after tftypes.Value)
	check = func(at string, before, after tftypes.Value) {
		var elementsBefore, elementsAfter []tftypes.Value
		switch {
		case !before.IsKnown():
		case before.Type().Is(tftypes.List{}) && !before.IsNull() && after.IsKnown() && !after.IsNull():
			_, _ = before.As(&elementsBefore), after.As(&elementsAfter)
			for i := range min(len(elementsBefore), len(elementsAfter)) {
				check(at+"[]", elementsBefore[i], elementsAfter[i])
			}
		case !before.Equal(after):
			t.Errorf("inconsistent final plan: %s was %s and is now %s", at, before, after)
		}
	}
	for name, value := range first {
		check(name, value, second[name])
	}
}

// startProxy forwards requests to an API, except those that intercept handles.
func startProxy(
	t *testing.T, api string, intercept func(w http.ResponseWriter, r *http.Request) (handled bool),
) (proxyURL string) {
	t.Helper()
	target, err := url.Parse(api)
	if err != nil {
		t.Fatal(err)
	}
	forward := httputil.NewSingleHostReverseProxy(target)
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !intercept(w, r) {
			forward.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(proxy.Close)
	return proxy.URL
}
