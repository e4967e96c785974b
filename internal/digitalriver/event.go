// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package digitalriver

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"time"
)

const (
	eventsPath = "/events"
	listEvents = "list events"
)

// Event is an event of the account. The API keeps events for 30 days, as Digital
// River's OpenAPI document says.
type Event struct {
	ID                  string    `json:"id"`
	Type                string    `json:"type"`
	LiveMode            bool      `json:"liveMode"`
	CreatedTime         time.Time `json:"createdTime"`
	DigitalRiverVersion string    `json:"digitalriverVersion"`
	Data                struct {
		Object             json.RawMessage `json:"object"`
		PreviousAttributes json.RawMessage `json:"previousAttributes"` // nil if the event reports no change
	} `json:"data"`
}

// ListEvents returns the events of the key's account and mode that were created at
// or after since and before until, newest first. It reads them page by page.
func (c *Client) ListEvents(ctx context.Context, since, until time.Time) ([]Event, error) {
	o := c.newOperation(listEvents)
	query := url.Values{
		"createdTime[gte]": {since.UTC().Format(time.RFC3339Nano)},
		"createdTime[lt]":  {until.UTC().Format(time.RFC3339Nano)},
		"limit":            {"100"},
	}
	var all []Event
	for {
		var events []Event
		var more bool
		r := newGet(eventsPath)
		r.query = query.Encode()
		r.decode = func(body []byte) (err error) {
			events, more, err = decodeEvents(body)
			return err
		}
		if err := o.send(ctx, r); err != nil {
			return nil, err
		}
		all = append(all, events...)
		if !more || len(events) == 0 {
			return all, nil
		}
		query.Set("startingAfter", events[len(events)-1].ID)
	}
}

// decodeEvents reads both documented forms of a list, an array and {"data",
// "hasMore"}. An array of at least 100 may have a next page.
func decodeEvents(body []byte) (events []Event, more bool, err error) {
	if bytes.HasPrefix(bytes.TrimSpace(body), []byte("{")) {
		var page struct {
			Data    *[]Event `json:"data"`
			HasMore bool     `json:"hasMore"`
		}
		if err := unmarshal(body, &page); err != nil {
			return nil, false, err
		}
		if page.Data == nil {
			return nil, false, errNoData
		}
		events, more = *page.Data, page.HasMore
	} else {
		if err := unmarshal(body, &events); err != nil {
			return nil, false, err
		}
		more = len(events) >= 100
	}
	for _, event := range events {
		if event.ID == "" || event.Type == "" || event.CreatedTime.IsZero() || event.Data.Object == nil {
			return nil, false, errors.New("an event lacks its id, type, createdTime or data.object")
		}
	}
	return events, more, nil
}
