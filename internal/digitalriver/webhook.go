// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package digitalriver

import (
	"encoding/json"
	"errors"
	"net/url"
	"strings"
	"time"
)

// Transport types of a webhook.
const (
	TransportHTTP  = "HTTP"
	TransportOAuth = "OAUTH"
)

// Grant types of the OAuth transport.
const (
	GrantPassword          = "password"
	GrantClientCredentials = "client_credentials"
)

// Webhook is a webhook, as the API represents it in JSON. The API sets ID, LiveMode
// and the times; requests leave them empty. Requests omit optional members that
// are empty:
// https://docs.digitalriver.com/digital-river-api-reference/2021-12-13/webhooks
type Webhook struct {
	ID             string          `json:"id,omitempty"`
	Types          []string        `json:"types"` // event types, in no particular order
	Address        string          `json:"address"`
	Enabled        bool            `json:"enabled"`
	APIVersion     string          `json:"apiVersion,omitempty"` // "default", "latest" or a date
	TransportType  string          `json:"transportType,omitempty"`
	Authentication *Authentication `json:"authentication,omitempty"` // nil if TransportType is OAUTH, or none is set
	OAuth          *OAuth          `json:"oauth,omitempty"`          // nil if TransportType is HTTP
	LiveMode       *bool           `json:"liveMode,omitempty"`       // nil if the API does not show the mode
	CreatedTime    time.Time       `json:"createdTime,omitzero"`
	UpdatedTime    time.Time       `json:"updatedTime,omitzero"`
}

// Authentication is the basic authentication with which events are delivered. In a
// response, a password that the API masks or does not show is empty.
type Authentication struct {
	UserName string `json:"username"` // user_name.go has the other spelling
	Password string `json:"password"`
}

// OAuth is how Digital River gets the bearer token with which events are
// delivered. Optional members that are empty are not sent. In a response, a
// credential that the API masks or does not show is empty.
type OAuth struct {
	TokenEndPoint string `json:"tokenEndPoint"`
	ClientID      string `json:"clientID"`
	ClientSecret  string `json:"clientSecret"`
	GrantType     string `json:"grantType,omitempty"`
	UserName      string `json:"userName,omitempty"`
	Password      string `json:"password,omitempty"`
	Audience      string `json:"audience,omitempty"`
}

// HasPassword reports whether Digital River sends a password for the token. A
// response that shows no credentials shows it by the user name alone.
func (o *OAuth) HasPassword() bool {
	return o.GrantType != GrantClientCredentials && (o.Password != "" || o.ClientSecret == "" && o.UserName != "")
}

// encodePatch encodes the named members of a webhook; a member without a value is
// null.
func encodePatch(webhook Webhook, members []string) []byte {
	var values map[string]json.RawMessage
	if err := json.Unmarshal(encode(webhook), &values); err != nil {
		panic(err) // encode returns valid JSON.
	}
	patch := make(map[string]json.RawMessage, len(members))
	for _, member := range members {
		patch[member] = values[member]
	}
	return encode(patch)
}

// decodeWebhook reads a webhook. Absent members take the defaults that
// https://docs.digitalriver.com/digital-river-api/events-and-webhooks-1/webhooks/creating-a-webhook
// shows for a create, and members of the other transport type are dropped.
func decodeWebhook(body []byte) (*Webhook, error) {
	webhook := &Webhook{Enabled: true}
	if err := unmarshal(body, webhook); err != nil {
		return nil, err
	}
	if webhook.ID == "" {
		return nil, errors.New("the webhook has no id")
	}
	if webhook.APIVersion == "" {
		webhook.APIVersion = "default"
	}
	if webhook.TransportType == "" {
		webhook.TransportType = TransportHTTP
		if webhook.OAuth != nil {
			webhook.TransportType = TransportOAuth
		}
	}
	if a := webhook.Authentication; a != nil && (*a == Authentication{} || webhook.TransportType != TransportHTTP) {
		webhook.Authentication = nil
	}
	if webhook.TransportType != TransportOAuth {
		webhook.OAuth = nil
	}
	webhook.unmask()
	return webhook, nil
}

// unmask empties the credentials that a response masks.
func (w *Webhook) unmask() {
	if a := w.Authentication; a != nil {
		a.Password = unmasked(a.Password)
	}
	if o := w.OAuth; o != nil {
		o.ClientSecret, o.Password = unmasked(o.ClientSecret), unmasked(o.Password)
	}
}

// unmasked returns a credential of a response, empty if it is masked, such as
// "********" or "whk_****d2e".
func unmasked(credential string) string {
	for _, mask := range []string{"***", "•••", "●●●"} {
		if strings.Contains(credential, mask) {
			return ""
		}
	}
	return credential
}

// credentials returns the secret values of a webhook, also as they are sent in basic
// authentication. Some may be empty.
func (w *Webhook) credentials() []string {
	secrets := addressCredentials(w.Address)
	if a := w.Authentication; a != nil {
		secrets = append(secrets, a.Password, basicAuthentication(a.UserName, a.Password))
	}
	if o := w.OAuth; o != nil {
		secrets = append(secrets, o.ClientSecret, basicAuthentication(o.ClientID, o.ClientSecret), o.Password)
	}
	return secrets
}

// addressCredentials returns the password in an address, and the values of its query
// that are long enough to be secret.
func addressCredentials(address string) []string {
	if !strings.ContainsAny(address, "@?") {
		return nil
	}
	u, err := url.Parse(address)
	if err != nil {
		return nil
	}
	var secrets []string
	if password, ok := u.User.Password(); ok {
		secrets = append(secrets, password)
	}
	for _, values := range u.Query() {
		for _, value := range values {
			if len(value) >= prefixLength {
				secrets = append(secrets, value)
			}
		}
	}
	return secrets
}

const webhooksPath = "/webhooks"

// webhookPath is the path of one webhook. An ID may contain special characters:
// https://docs.digitalriver.com/digital-river-api/developer-resources/best-practices
func webhookPath(id string) string {
	escaped := url.PathEscape(id)
	if id == "." || id == ".." {
		escaped = strings.ReplaceAll(id, ".", "%2E")
	}
	return webhooksPath + "/" + escaped
}
