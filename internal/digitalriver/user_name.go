// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package digitalriver

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
)

// Digital River's OpenAPI document, API reference and SDK call the user name of
// basic authentication username; the example of the guide calls it userName:
// https://docs.digitalriver.com/digital-river-api/events-and-webhooks-1/webhooks/creating-a-webhook
//
// Both are read. Requests contain the first, until the API shows that it expects
// the second.
const (
	documentedUserName = "username"
	guideUserName      = "userName"
)

// What a client knows of the spelling that the API expects.
const (
	spellingUnknown int32 = iota // documentedUserName is sent, and may turn out wrong
	spellingDocumented
	spellingGuide
)

// UnmarshalJSON reads both spellings of the user name.
func (a *Authentication) UnmarshalJSON(body []byte) error {
	var members struct {
		Documented string `json:"username"`
		Guide      string `json:"userName"`
		Password   string `json:"password"`
	}
	if err := json.Unmarshal(body, &members); err != nil {
		return err
	}
	a.UserName, a.Password = members.Documented, members.Password
	if a.UserName == "" {
		a.UserName = members.Guide
	}
	return nil
}

// sendWebhook sends r, a create or an update; webhook is where r stores the webhook of
// the response, and authentication what the body contains. If the API refuses the
// spelling of the user name, or ignores it, sendWebhook sends the other one.
func (o *operation) sendWebhook(
	ctx context.Context, r *request, authentication *Authentication, webhook **Webhook,
) error {
	if authentication == nil || authentication.UserName == "" {
		return o.send(ctx, r)
	}
	known, body := &o.client.userName, r.body
	spelling := known.Load()
	if spelling == spellingGuide {
		r.body = withUserName(body, guideUserName)
	}
	err := o.send(ctx, r)
	if spelling == spellingUnknown && refusesUserName(err) {
		spelling, r.body, r.attempts = spellingGuide, withUserName(body, guideUserName), 0
		guideErr := o.send(ctx, r)
		if refusesUserName(guideErr) {
			return err // It is the value that the API refuses.
		}
		err = guideErr
	}
	switch {
	case err != nil:
		return err
	case spelling == spellingGuide:
		known.Store(spellingGuide)
	case (*webhook).showsUserName():
		known.Store(spellingDocumented)
	case spelling == spellingUnknown && (*webhook).TransportType == TransportHTTP:
		*webhook = o.repeatUserName(ctx, *webhook, authentication)
	}
	return nil
}

// repeatUserName sends both spellings of the user name, after a response without
// it: the API ignores the one that was sent, or does not show it. It returns the
// webhook as the API has it then. A failure leaves the webhook as it is.
func (o *operation) repeatUserName(ctx context.Context, webhook *Webhook, authentication *Authentication) *Webhook {
	body := encode(map[string]any{"authentication": map[string]string{
		documentedUserName: authentication.UserName,
		guideUserName:      authentication.UserName,
		"password":         authentication.Password,
	}})
	r := &request{method: http.MethodPatch, path: webhookPath(webhook.ID), body: body}
	var updated *Webhook
	r.decode = func(body []byte) (err error) {
		updated, err = decodeWebhook(body)
		return err
	}
	err := o.send(ctx, r)
	switch {
	case refusesUserName(err):
		o.client.userName.Store(spellingDocumented)
		return webhook
	case err != nil:
		return webhook
	case updated.showsUserName():
		o.client.userName.Store(spellingGuide)
	}
	return updated
}

func (w *Webhook) showsUserName() bool {
	return w.Authentication != nil && w.Authentication.UserName != ""
}

// withUserName returns body, a webhook, with the user name spelled as name.
func withUserName(body []byte, name string) []byte {
	var webhook, authentication map[string]json.RawMessage
	if err := json.Unmarshal(body, &webhook); err != nil {
		panic(err) // encode wrote it.
	}
	if err := json.Unmarshal(webhook["authentication"], &authentication); err != nil {
		panic(err)
	}
	authentication[name] = authentication[documentedUserName]
	delete(authentication, documentedUserName)
	webhook["authentication"] = encode(authentication)
	return encode(webhook)
}

// refusesUserName reports whether the API refused a request because of the member
// that contains the user name.
func refusesUserName(err error) bool {
	apiError := asAPIError(err)
	return apiError != nil && apiError.userNameRefused
}

// namesUserName reports whether a fault is about the user name of basic
// authentication. Its parameter may be absent.
func (f Fault) namesUserName() bool {
	text := strings.ToLower(f.Parameter + " " + f.Message)
	return strings.Contains(text, "username") && !strings.Contains(text, "oauth")
}
