// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package delivery

import (
	"bytes"
	"encoding/json"
	"time"
)

// Version is the newest version of the API, and with it of the form of events.
const Version = "2021-12-13"

// TimeFormat is how the API writes times, which are in UTC.
const TimeFormat = "2006-01-02T15:04:05.000Z"

// Event is what the body of a delivery holds.
type Event struct {
	ID                  string   `json:"id"`
	Type                string   `json:"type"`
	Data                Data     `json:"data"`
	LiveMode            bool     `json:"liveMode"`
	CreatedTime         string   `json:"createdTime"` // In TimeFormat.
	WebhookIDs          []string `json:"webhookIds"`
	DigitalRiverVersion string   `json:"digitalriverVersion"`
	// Commerce is whether this is an event of the Commerce API, whose body has
	// other members.
	Commerce bool `json:"commerce,omitempty"`
}

// Data is what an event is about.
type Data struct {
	Object json.RawMessage `json:"object"`
	// PreviousAttributes are the attributes of the object that changed, with
	// their earlier values. Nil if the event reports no change.
	PreviousAttributes json.RawMessage `json:"previousAttributes,omitempty"`
}

// FormatTime returns t in TimeFormat.
func FormatTime(t time.Time) string { return t.UTC().Format(TimeFormat) }

// Encode returns the event as the bytes of a body. It fails when the data is not
// JSON.
func (e Event) Encode() ([]byte, error) {
	if !e.Commerce {
		return encode(e)
	}
	commerce, err := newCommerceEvent(e)
	if err != nil {
		return nil, err
	}
	return encode(commerce)
}

func encode(v any) ([]byte, error) {
	var body bytes.Buffer
	encoder := json.NewEncoder(&body)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(body.Bytes(), []byte("\n")), nil
}

// commerceEvent is the body of an event of the Commerce API:
// https://docs.digitalriver.com/commerce-api/events-and-webhooks/events/event-types
type commerceEvent struct {
	Type           string         `json:"type"`
	Data           Data           `json:"data"`
	ClientIDs      map[string]any `json:"clientIds"`
	SearchableData map[string]any `json:"searchableData"`
}

// newCommerceEvent takes the ids of the site, and of the order or subscription,
// from the event's object.
func newCommerceEvent(e Event) (*commerceEvent, error) {
	var object map[string]any
	if err := json.Unmarshal(e.Data.Object, &object); err != nil {
		return nil, err
	}
	if subscription, ok := object["subscription"].(map[string]any); ok {
		object = subscription
	}
	commerce := &commerceEvent{
		Type: e.Type, Data: e.Data, ClientIDs: map[string]any{"site_id": "sample"}, SearchableData: map[string]any{},
	}
	if site, ok := object["siteId"]; ok {
		commerce.ClientIDs["site_id"] = site
	}
	if order, ok := object["orderId"]; ok {
		commerce.SearchableData["orderId"] = order
	} else if subscription, ok := object["id"]; ok {
		commerce.SearchableData["subscriptionId"] = subscription
	}
	return commerce, nil
}
