package digitalriver

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
)

// The JSON of the API. Reading is tolerant: unknown members, null and absence
// are fine; a known member of the wrong type is not.

type wireWebhook struct {
	ID             string              `json:"id"`
	Types          []string            `json:"types"`
	Address        string              `json:"address"`
	Enabled        *bool               `json:"enabled"`
	APIVersion     string              `json:"apiVersion"`
	TransportType  string              `json:"transportType"`
	Authentication *wireAuthentication `json:"authentication"`
	OAuth          *wireOAuth          `json:"oauth"`
	LiveMode       bool                `json:"liveMode"`
	CreatedTime    time.Time           `json:"createdTime"`
	UpdatedTime    time.Time           `json:"updatedTime"`
}

// wireAuthentication reads the SDK's spelling, username, as well: encoding/json
// matches names without regard to case.
type wireAuthentication struct {
	UserName string `json:"userName"`
	Password string `json:"password"`
}

type wireOAuth struct {
	TokenEndPoint string `json:"tokenEndPoint"`
	ClientID      string `json:"clientID"`
	ClientSecret  string `json:"clientSecret"`
	GrantType     string `json:"grantType,omitempty"`
	UserName      string `json:"userName,omitempty"`
	Password      string `json:"password,omitempty"`
	Audience      string `json:"audience,omitempty"`
}

type wireNewWebhook struct {
	Types          []string            `json:"types"`
	Address        string              `json:"address"`
	Enabled        bool                `json:"enabled"`
	APIVersion     string              `json:"apiVersion,omitempty"`
	TransportType  string              `json:"transportType,omitempty"`
	Authentication *wireAuthentication `json:"authentication,omitempty"`
	OAuth          *wireOAuth          `json:"oauth,omitempty"`
}

func encodeNewWebhook(w NewWebhook) []byte {
	return encode(wireNewWebhook{
		Types:          w.Types,
		Address:        w.Address,
		Enabled:        w.Enabled,
		APIVersion:     w.APIVersion,
		TransportType:  w.TransportType,
		Authentication: (*wireAuthentication)(w.Authentication),
		OAuth:          (*wireOAuth)(w.OAuth),
	})
}

func encodePatch(p WebhookPatch) []byte {
	body := make(map[string]any)
	if p.Types != nil {
		body["types"] = p.Types
	}
	if p.Address != nil {
		body["address"] = *p.Address
	}
	if p.Enabled != nil {
		body["enabled"] = *p.Enabled
	}
	if p.APIVersion != nil {
		body["apiVersion"] = *p.APIVersion
	}
	if p.TransportType != nil {
		body["transportType"] = *p.TransportType
	}
	switch {
	case p.RemoveAuthentication:
		body["authentication"] = nil
	case p.Authentication != nil:
		body["authentication"] = (*wireAuthentication)(p.Authentication)
	}
	switch {
	case p.RemoveOAuth:
		body["oauth"] = nil
	case p.OAuth != nil:
		body["oauth"] = (*wireOAuth)(p.OAuth)
	}
	return encode(body)
}

// encode cannot fail: it is given strings, booleans and numbers only.
func encode(value any) []byte {
	body, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	return body
}

func decodeWebhook(body []byte) (*Webhook, error) {
	var wire wireWebhook
	if err := unmarshal(body, &wire); err != nil {
		return nil, err
	}
	return wire.webhook()
}

func (w *wireWebhook) webhook() (*Webhook, error) {
	if w.ID == "" {
		return nil, errors.New("the webhook has no id")
	}
	webhook := &Webhook{
		ID:             w.ID,
		Types:          w.Types,
		Address:        w.Address,
		Enabled:        w.Enabled == nil || *w.Enabled,
		APIVersion:     w.APIVersion,
		TransportType:  w.TransportType,
		Authentication: (*Authentication)(w.Authentication),
		OAuth:          (*OAuth)(w.OAuth),
		LiveMode:       w.LiveMode,
		CreatedTime:    w.CreatedTime,
		UpdatedTime:    w.UpdatedTime,
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

// page is one answer of a list: all of it, or a part with more to come.
type page struct {
	webhooks []*Webhook
	more     bool
}

// decodePage reads both forms: a bare array, and {"data", "hasMore"}.
func decodePage(body []byte) (page, error) {
	if !bytes.HasPrefix(bytes.TrimSpace(body), []byte("{")) {
		webhooks, err := decodeWebhooks(body)
		return page{webhooks: webhooks}, err
	}
	var wire struct {
		Data    *json.RawMessage `json:"data"`
		HasMore bool             `json:"hasMore"`
	}
	if err := unmarshal(body, &wire); err != nil {
		return page{}, err
	}
	if wire.Data == nil {
		return page{}, errors.New("the list has no data")
	}
	webhooks, err := decodeWebhooks(*wire.Data)
	return page{webhooks: webhooks, more: wire.HasMore}, err
}

func decodeWebhooks(body []byte) ([]*Webhook, error) {
	var wires []wireWebhook
	if err := unmarshal(body, &wires); err != nil {
		return nil, nameElement(body, err)
	}
	if wires == nil {
		return nil, errors.New("the list is null")
	}
	webhooks := make([]*Webhook, len(wires))
	for i := range wires {
		webhook, err := wires[i].webhook()
		if err != nil {
			return nil, fmt.Errorf("element %d of the list: %w", i, err)
		}
		webhooks[i] = webhook
	}
	return webhooks, nil
}

// nameElement tells which element of a list err comes from.
func nameElement(body []byte, err error) error {
	var elements []json.RawMessage
	if json.Unmarshal(body, &elements) != nil {
		return err
	}
	for i, element := range elements {
		if elementErr := unmarshal(element, new(wireWebhook)); elementErr != nil {
			return fmt.Errorf("element %d of the list: %w", i, elementErr)
		}
	}
	return err
}

type wireSecret struct {
	ID          string     `json:"id"`
	Secret      string     `json:"secret"`
	CreatedTime time.Time  `json:"createdTime"`
	ExpiresTime *time.Time `json:"expiresTime"`
}

func (s *wireSecret) secret() (*Secret, error) {
	if s.ID == "" || s.Secret == "" {
		return nil, errors.New("the signing secret has no id or no secret")
	}
	return (*Secret)(s), nil
}

func decodeSecret(body []byte) (*Secret, error) {
	var wire wireSecret
	if err := unmarshal(body, &wire); err != nil {
		return nil, err
	}
	return wire.secret()
}

// decodeSecrets keeps the answer's order.
func decodeSecrets(body []byte) ([]Secret, error) {
	var wire struct {
		Data *[]wireSecret `json:"data"`
	}
	if err := unmarshal(body, &wire); err != nil {
		return nil, err
	}
	if wire.Data == nil {
		return nil, errors.New("the list has no data")
	}
	secrets := make([]Secret, len(*wire.Data))
	for i := range *wire.Data {
		secret, err := (*wire.Data)[i].secret()
		if err != nil {
			return nil, err
		}
		secrets[i] = *secret
	}
	return secrets, nil
}

// unmarshal is json.Unmarshal; its errors speak of the API's members and repeat
// no value.
func unmarshal(body []byte, value any) error {
	err := json.Unmarshal(body, value)
	var typeError *json.UnmarshalTypeError
	if errors.As(err, &typeError) {
		kind, _, _ := strings.Cut(typeError.Value, " ")
		return fmt.Errorf("%s is of the wrong type, %s", cmp.Or(typeError.Field, "the body"), kind)
	}
	var timeError *time.ParseError
	if errors.As(err, &timeError) {
		return errors.New("a time is not of RFC 3339's form")
	}
	return err
}

// isNotJSON tells a body that is cut off or no JSON at all from JSON that is
// not what it should be.
func isNotJSON(err error) bool {
	var syntaxError *json.SyntaxError
	return errors.As(err, &syntaxError)
}
