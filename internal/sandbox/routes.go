// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package sandbox

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// controlRoot is the path of the control endpoints.
const controlRoot = "/_sandbox"

// apiRoutes are the paths of the API.
var apiRoutes = routes{
	{"/webhooks", []operation{
		{method: http.MethodGet, run: (*Sandbox).listWebhooks, readOnly: true},
		{method: http.MethodPost, run: (*Sandbox).createWebhook},
	}},
	{"/webhooks/{id}", []operation{
		{method: http.MethodGet, run: (*Sandbox).getWebhook, readOnly: true},
		{method: http.MethodPatch, run: (*Sandbox).updateWebhook},
		{method: http.MethodDelete, run: (*Sandbox).deleteWebhook},
	}},
	{"/webhooks/{id}/secrets", []operation{
		{method: http.MethodGet, run: (*Sandbox).listSecrets},
		{method: http.MethodPost, run: (*Sandbox).rotateSecret},
	}},
	{"/events", []operation{{method: http.MethodGet, run: (*Sandbox).listEvents}}},
	{"/events/{id}", []operation{{method: http.MethodGet, run: (*Sandbox).getEvent}}},
}

// controlRoutes returns the paths that control the sandbox itself. It is a
// function because one of them lists them all.
func controlRoutes() routes {
	get, post, put, remove := http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete
	return routes{
		{controlRoot + "/", []operation{
			{method: get, run: (*Sandbox).listEndpoints, does: "Lists the control endpoints."},
		}},
		{controlRoot + "/health", []operation{
			{method: get, run: (*Sandbox).health, does: "Responds with 200."},
		}},
		{controlRoot + "/readings", []operation{
			{method: get, run: (*Sandbox).listReadings, does: "Lists the readings, and which of them are active."},
		}},
		{controlRoot + "/requests", []operation{
			{method: get, run: (*Sandbox).listRequests, does: "Lists the API requests so far."},
			{method: remove, run: (*Sandbox).clearRequests, does: "Clears the list of API requests."},
		}},
		{controlRoot + "/faults", []operation{
			{method: get, run: (*Sandbox).listFaults, does: "Lists the fault rules."},
			{method: put, run: (*Sandbox).setFaults, does: "Replaces the fault rules."},
		}},
		{controlRoot + "/webhooks", []operation{
			{method: get, run: (*Sandbox).listWebhookStates, does: "Lists the webhooks of both modes with their state."},
		}},
		{controlRoot + "/webhooks/{id}/secrets", []operation{
			{method: get, run: (*Sandbox).listAllSecrets, does: "Lists the active secrets of a webhook of any mode."},
		}},
		{controlRoot + "/event-types", []operation{
			{method: get, run: (*Sandbox).listEventTypes, does: "Lists the documented event types."},
		}},
		{controlRoot + "/event-types/{id}", []operation{
			{method: get, run: (*Sandbox).getSample, does: "Returns the sample data of an event type."},
		}},
		{controlRoot + "/events", []operation{
			{method: get, run: (*Sandbox).listAllEvents, does: "Lists the events, newest first."},
			{method: post, run: (*Sandbox).triggerEvent, does: "Creates an event and delivers it."},
		}},
		{controlRoot + "/deliveries", []operation{
			{method: get, run: (*Sandbox).listDeliveries, does: "Lists the attempts to deliver events, newest first."},
		}},
		{controlRoot + "/deliveries/{id}", []operation{
			{method: get, run: (*Sandbox).getDelivery, does: "Returns an attempt with its request and response."},
		}},
		{controlRoot + "/deliveries/{id}/resend", []operation{
			{method: post, run: (*Sandbox).resendDelivery, does: "Delivers the event of an attempt to its webhook again."},
		}},
		{controlRoot + "/stream", []operation{
			{method: get, run: (*Sandbox).stream, does: "Sends the log as it is written, as Server-Sent Events."},
		}},
		{controlRoot + "/clock", []operation{
			{method: get, run: (*Sandbox).readClock, does: "Returns the time of the clock."},
			{method: post, run: (*Sandbox).advanceClock, does: "Moves the clock forward."},
		}},
		{controlRoot + "/reset", []operation{
			{method: post, run: (*Sandbox).reset, does: "Deletes everything."},
		}},
	}
}

// ControlEndpoint is a control endpoint.
type ControlEndpoint struct {
	Method      string `json:"method"`
	Path        string `json:"path"` // Such as /_sandbox/deliveries/{id}.
	Description string `json:"description"`
}

// ControlEndpoints returns the control endpoints.
func ControlEndpoints() []ControlEndpoint {
	var endpoints []ControlEndpoint
	for _, r := range controlRoutes() {
		for _, o := range r.operations {
			endpoints = append(endpoints, ControlEndpoint{o.method, r.path, o.does})
		}
	}
	return endpoints
}

func (s *Sandbox) listEndpoints(call) (response, error) {
	return jsonResponse(http.StatusOK, encode(ControlEndpoints())), nil
}

// call is a request to an operation.
type call struct {
	key    key // The zero key for control endpoints.
	method string
	path   string // Escaped.
	id     string // The {id} of the route, without escapes.
	query  string
	header http.Header
	body   []byte
}

// parameters returns the parameters in the call's query.
func (c call) parameters() (url.Values, error) {
	values, err := url.ParseQuery(c.query)
	if err != nil {
		return nil, badRequest(codeInvalid, "query", "The query cannot be parsed: %v.", err)
	}
	return values, nil
}

// operation is what a method does at a path.
type operation struct {
	method   string
	run      func(*Sandbox, call) (response, error)
	readOnly bool   // A read-only key may use it.
	does     string // A sentence, for control endpoints.
}

// route is a path with its operations. A segment {id} stands for any id.
type route struct {
	path       string
	operations []operation
}

type routes []route

// find returns the operation for a method and an escaped path, and the id in the
// path. [http.ServeMux] is not used because it redirects unclean paths and
// responds to errors in plain text.
func (rs routes) find(method, path string) (operation, string, error) {
	for _, r := range rs {
		id, ok := r.match(path)
		if !ok {
			continue
		}
		i := slices.IndexFunc(r.operations, func(o operation) bool { return o.method == method })
		if i < 0 {
			return operation{}, "", r.methodNotAllowed(method)
		}
		return r.operations[i], id, nil
	}
	return operation{}, "", nothingAt(path)
}

func nothingAt(path string) error {
	return newError(http.StatusNotFound, "not_found", "There is nothing at %s.", path)
}

// match reports whether the route has the path. The path is escaped because an
// id may contain a slash.
func (r route) match(path string) (id string, ok bool) {
	segments := strings.Split(path, "/")
	pattern := strings.Split(r.path, "/")
	if len(segments) != len(pattern) {
		return "", false
	}
	for i, segment := range segments {
		if pattern[i] == "{id}" {
			unescaped, err := url.PathUnescape(segment)
			if err != nil || unescaped == "" {
				return "", false
			}
			id = unescaped
		} else if segment != pattern[i] {
			return "", false
		}
	}
	return id, true
}

func (r route) methodNotAllowed(method string) error {
	var allowed []string
	for _, o := range r.operations {
		allowed = append(allowed, o.method)
	}
	allow := strings.Join(allowed, ", ")
	e := newError(http.StatusMethodNotAllowed, "method_not_allowed", "%s is not allowed here, only %s.", method, allow)
	e.header = map[string]string{"Allow": allow}
	return e
}
