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

// encodePatch encodes the named members of a webhook; one without a value is
// null.
func encodePatch(webhook Webhook, members []string) []byte {
	var values map[string]json.RawMessage
	if err := json.Unmarshal(encode(webhook), &values); err != nil {
		panic(err)
	}
	patch := make(map[string]json.RawMessage, len(members))
	for _, member := range members {
		patch[member] = values[member]
	}
	return encode(patch)
}

// encode cannot fail: it is given strings, booleans and numbers only.
func encode(value any) []byte {
	body, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	return body
}

// decodeWebhook reads a webhook. A member that the response leaves out has the
// API's default.
func decodeWebhook(body []byte) (*Webhook, error) {
	webhook := &Webhook{Enabled: true}
	if err := unmarshal(body, webhook); err != nil {
		return nil, err
	}
	if webhook.ID == "" {
		return nil, errors.New("the webhook has no id")
	}
	webhook.APIVersion = cmp.Or(webhook.APIVersion, "default")
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
	var elements []json.RawMessage
	if err := unmarshal(body, &elements); err != nil {
		return nil, err
	}
	if elements == nil {
		return nil, errors.New("the list is null")
	}
	webhooks := make([]*Webhook, len(elements))
	for i, element := range elements {
		webhook, err := decodeWebhook(element)
		if err != nil {
			return nil, fmt.Errorf("element %d of the list: %w", i, err)
		}
		webhooks[i] = webhook
	}
	return webhooks, nil
}

func decodeSecret(body []byte) (*Secret, error) {
	var secret Secret
	if err := unmarshal(body, &secret); err != nil {
		return nil, err
	}
	return &secret, secret.check()
}

// check refuses a secret that lacks what identifies it or makes it useful.
func (s *Secret) check() error {
	if s.ID == "" || s.Secret == "" {
		return errors.New("the signing secret has no id or no secret")
	}
	return nil
}

// decodeSecrets keeps the answer's order.
func decodeSecrets(body []byte) ([]Secret, error) {
	var list struct {
		Data *[]Secret `json:"data"`
	}
	if err := unmarshal(body, &list); err != nil {
		return nil, err
	}
	if list.Data == nil {
		return nil, errors.New("the list has no data")
	}
	for i := range *list.Data {
		if err := (*list.Data)[i].check(); err != nil {
			return nil, err
		}
	}
	return *list.Data, nil
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
