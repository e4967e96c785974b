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
}

// controlRoutes are the paths that control the sandbox itself.
var controlRoutes = routes{
	{controlRoot + "/health", []operation{{method: http.MethodGet, run: (*Sandbox).health}}},
	{controlRoot + "/readings", []operation{{method: http.MethodGet, run: (*Sandbox).listReadings}}},
	{controlRoot + "/requests", []operation{
		{method: http.MethodGet, run: (*Sandbox).listRequests},
		{method: http.MethodDelete, run: (*Sandbox).clearRequests},
	}},
	{controlRoot + "/faults", []operation{
		{method: http.MethodGet, run: (*Sandbox).listFaults},
		{method: http.MethodPut, run: (*Sandbox).setFaults},
	}},
	{controlRoot + "/events", []operation{{method: http.MethodPost, run: (*Sandbox).triggerEvent}}},
	{controlRoot + "/deliveries", []operation{{method: http.MethodGet, run: (*Sandbox).listDeliveries}}},
	{controlRoot + "/clock", []operation{{method: http.MethodPost, run: (*Sandbox).advanceClock}}},
	{controlRoot + "/reset", []operation{{method: http.MethodPost, run: (*Sandbox).reset}}},
}

// ControlEndpoints returns the method and path of each control endpoint, such as
// "GET /_sandbox/health".
func ControlEndpoints() []string {
	var endpoints []string
	for _, r := range controlRoutes {
		for _, o := range r.operations {
			endpoints = append(endpoints, o.method+" "+r.path)
		}
	}
	return endpoints
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
	readOnly bool // A read-only key may use it.
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
