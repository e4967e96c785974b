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

// Webhook is a webhook as the API returns it:
// https://docs.digitalriver.com/digital-river-api-reference/2021-12-13/webhooks
type Webhook struct {
	ID             string          `json:"id"`
	Types          []string        `json:"types"` // event types, in no particular order
	Address        string          `json:"address"`
	Enabled        bool            `json:"enabled"`
	APIVersion     string          `json:"apiVersion"` // "default", "latest" or a date
	TransportType  string          `json:"transportType"`
	Authentication *Authentication `json:"authentication"` // nil if TransportType is OAUTH, or none is set
	OAuth          *OAuth          `json:"oauth"`          // nil if TransportType is HTTP
	LiveMode       bool            `json:"liveMode"`
	CreatedTime    time.Time       `json:"createdTime"`
	UpdatedTime    time.Time       `json:"updatedTime"`
}

// Authentication is the basic authentication with which events are delivered.
//
// The guides of Digital River call the first member userName, its SDK username.
// Both are read, since encoding/json matches names without regard to case.
type Authentication struct {
	UserName string `json:"userName"`
	Password string `json:"password"`
}

// OAuth is how Digital River gets the bearer token with which events are
// delivered. Optional members that are empty are not sent.
type OAuth struct {
	TokenEndPoint string `json:"tokenEndPoint"`
	ClientID      string `json:"clientID"`
	ClientSecret  string `json:"clientSecret"`
	GrantType     string `json:"grantType,omitempty"`
	UserName      string `json:"userName,omitempty"`
	Password      string `json:"password,omitempty"`
	Audience      string `json:"audience,omitempty"`
}

// NewWebhook is the body of a create. Optional members that are empty are not sent.
type NewWebhook struct {
	Types          []string        `json:"types"`
	Address        string          `json:"address"`
	Enabled        bool            `json:"enabled"`
	APIVersion     string          `json:"apiVersion,omitempty"`
	TransportType  string          `json:"transportType,omitempty"`
	Authentication *Authentication `json:"authentication,omitempty"`
	OAuth          *OAuth          `json:"oauth,omitempty"`
}

// WebhookPatch is the body of an update. A member that is nil stays as it is.
type WebhookPatch struct {
	Types          []string        `json:"types,omitzero"`
	Address        *string         `json:"address,omitzero"`
	Enabled        *bool           `json:"enabled,omitzero"`
	APIVersion     *string         `json:"apiVersion,omitzero"`
	TransportType  *string         `json:"transportType,omitzero"`
	Authentication *Authentication `json:"authentication,omitzero"`
	OAuth          *OAuth          `json:"oauth,omitzero"`

	RemoveAuthentication bool `json:"-"` // sends null
	RemoveOAuth          bool `json:"-"` // sends null
}

// MarshalJSON writes the members that the patch sets, and null for those that it
// removes.
func (p WebhookPatch) MarshalJSON() ([]byte, error) {
	type members WebhookPatch // WebhookPatch without this method
	return json.Marshal(struct {
		members
		Authentication any `json:"authentication,omitempty"`
		OAuth          any `json:"oauth,omitempty"`
	}{
		members:        members(p),
		Authentication: nullable(p.Authentication, p.RemoveAuthentication),
		OAuth:          nullable(p.OAuth, p.RemoveOAuth),
	})
}

// nullable returns the JSON of an optional member: null if it is removed, and nil,
// which is not sent, if it stays as it is.
func nullable[T any](value *T, removed bool) any {
	switch {
	case removed:
		return json.RawMessage("null")
	case value == nil:
		return nil
	default:
		return value
	}
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
	return webhook, nil
}

// credentials are the secret values in the body of a request.
func credentials(authentication *Authentication, oauth *OAuth) []string {
	var secrets []string
	if authentication != nil {
		secrets = append(secrets, authentication.Password)
	}
	if oauth != nil {
		secrets = append(secrets, oauth.ClientSecret, oauth.Password)
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
