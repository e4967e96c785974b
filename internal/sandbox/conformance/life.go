// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"

	validator "github.com/pb33f/libopenapi-validator"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/sandbox"
)

// step is a request in the life of a webhook, and the status of its response.
type step struct {
	method string
	path   string // {id} stands for the id of the object that was created last.
	body   string
	status int
}

const (
	basicAuth = `"authentication":{"username":"user","password":"secret"}`
	oauth     = `"transportType":"OAUTH","oauth":{"tokenEndPoint":"https://example.com/token",` +
		`"clientID":"client","clientSecret":"secret","userName":"user","password":"secret"}`
)

// life takes webhooks and an event through their whole lives.
var life = []step{
	{"POST", "/webhooks", `{"types":["order.accepted"],"address":"https://example.com/oauth",` + oauth + `}`, 201},
	{"GET", "/webhooks/{id}", "", 200},
	{"POST", "/webhooks", `{"types":["sku.created"],"address":"https://example.com/http",` + basicAuth + `}`, 201},
	{"GET", "/webhooks", "", 200},
	{"GET", "/webhooks?type=order.*", "", 200},
	{"GET", "/webhooks?types=order.accepted,sku.created", "", 200},
	{"PATCH", "/webhooks/{id}", `{"types":["order.accepted","order.blocked"]}`, 200},
	{"PATCH", "/webhooks/{id}", `{"address":"https://example.com/other"}`, 200},
	{"PATCH", "/webhooks/{id}", `{"enabled":false}`, 200},
	{"PATCH", "/webhooks/{id}", `{"apiVersion":"2021-12-13"}`, 200},
	{"PATCH", "/webhooks/{id}", `{` + oauth + `}`, 200},
	{"PATCH", "/webhooks/{id}", `{"transportType":"HTTP",` + basicAuth + `}`, 200},
	{"POST", "/webhooks", `{"address":"https://example.com"}`, 400},
	{"POST", "/webhooks", `{"types":["order.accepted"],"address":"https://example.com","unknown":1}`, 400},
	{"POST", "/webhooks", `{"types":["order.accepted"]`, 400},
	{"PATCH", "/webhooks/{id}", `{"enabled":"yes"}`, 400},
	{"GET", "/webhooks?type=order.*&types=order.accepted", "", 400},
	{"GET", "/webhooks/unknown", "", 404},
	{"PATCH", "/webhooks/unknown", `{"enabled":true}`, 404},
	{"PUT", "/webhooks", "", 405},
	{"DELETE", "/webhooks/{id}", "", 204},
	{"DELETE", "/webhooks/{id}", "", 404},
	{"POST", "/_sandbox/events", `{"type":"order.accepted"}`, 202},
	{"GET", "/events", "", 200},
	{"GET", "/events?type=order.*&limit=1&createdTime[gt]=2020-09-22T12:09:44Z", "", 200},
	{"GET", "/events/{id}", "", 200},
	{"GET", "/events?limit=0", "", 400},
	{"GET", "/events/unknown", "", 404},
}

// validateLife has a sandbox respond to life, and to a request without a key and
// with a key that may only read. It returns what is invalid in the responses.
func validateLife(ctx context.Context, v validator.Validator, codes map[string]bool) (findings, error) {
	s, err := sandbox.Open(sandbox.Options{RateLimit: "off"})
	if err != nil {
		return nil, err
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	ctx, stop := context.WithCancel(ctx)
	served := make(chan error, 1)
	go func() { served <- s.Serve(ctx, listener) }()

	c := client{ctx: ctx, url: "http://" + listener.Addr().String(), v: v, codes: codes, found: findings{}}
	var errs []error
	for _, step := range life {
		errs = append(errs, c.do(step, "sk_test_sandbox"))
	}
	errs = append(errs,
		c.do(step{"GET", "/webhooks", "", 401}, ""),
		c.do(step{"POST", "/webhooks", "{}", 403}, "rk_test_sandbox"))
	stop()
	return c.found, errors.Join(append(errs, <-served, s.Close())...)
}

// client sends requests and validates their responses.
type client struct {
	ctx   context.Context
	url   string
	v     validator.Validator
	codes map[string]bool // The documented codes of errors.
	id    string
	found findings
}

// do takes a step. The error is about the sandbox itself, not the document.
func (c *client) do(s step, key string) error {
	url := c.url + strings.ReplaceAll(s.path, "{id}", c.id)
	request, err := http.NewRequestWithContext(c.ctx, s.method, url, strings.NewReader(s.body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Authorization", "Bearer "+key)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	body, err := io.ReadAll(response.Body)
	if err := errors.Join(err, response.Body.Close()); err != nil {
		return err
	}
	if response.StatusCode != s.status {
		return fmt.Errorf("%s %s: status %d, not %d: %s", s.method, s.path, response.StatusCode, s.status, body)
	}
	return c.validate(s, request, response, body)
}

func (c *client) validate(s step, request *http.Request, response *http.Response, body []byte) error {
	var members struct {
		ID     string
		Errors []struct{ Code string }
	}
	if len(body) > 0 && body[0] == '{' {
		if err := json.Unmarshal(body, &members); err != nil {
			return err
		}
	}
	if s.method == http.MethodPost && s.status < 300 {
		c.id = members.ID
	}
	if strings.HasPrefix(s.path, "/_sandbox/") {
		return nil
	}
	for _, e := range members.Errors {
		if !c.codes[e.Code] {
			c.found.add("error code "+e.Code, "not in the document's list")
		}
	}
	path, _, _ := strings.Cut(s.path, "?")
	at := fmt.Sprintf("response to %s %s: %d", s.method, strings.ReplaceAll(path, "unknown", "{id}"), s.status)
	if s.method == http.MethodPut {
		request.Method = http.MethodGet // No document has the operation, but each has its error.
	}
	response.Body = io.NopCloser(bytes.NewReader(body))
	_, errs := c.v.ValidateHttpResponse(request, response)
	c.found.invalid(at, errs)
	return nil
}
