// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package sandbox

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/catalog"
	"github.com/digitalriver/terraform-provider-digitalriver/internal/delivery"
)

// triggerEvent creates an event and has it delivered.
func (s *Sandbox) triggerEvent(c call) (response, error) {
	e, err := decodeEvent(c.body)
	if err != nil {
		return response{}, err
	}
	attempts, err := s.store.addEvent(e)
	if err != nil {
		return response{}, err
	}
	s.feed.event(e.Type, e.ID, len(attempts))
	s.courier.schedule(attempts...)
	return jsonResponse(http.StatusAccepted, encode(struct {
		ID         string   `json:"id"`
		WebhookIDs []string `json:"webhookIds"`
	}{e.ID, e.WebhookIDs})), nil
}

// listEvents returns a page of the events of the last 30 days, newest first.
func (s *Sandbox) listEvents(c call) (response, error) {
	query, err := c.parameters()
	if err != nil {
		return response{}, err
	}
	var p problems
	ofType, inTime := typeFilter(&p, query), createdFilter(&p, query)
	limit := pageLimit(&p, query, defaultLimit)
	events := s.store.listEvents(c.key.live())
	slices.Reverse(events)
	backward := query.Has("endingBefore") // It overrides startingAfter, as documented.
	if backward {
		events = endBefore(&p, query, "event", events)
		slices.Reverse(events)
	} else {
		events = startAfter(&p, query, "event", events)
	}
	if err := s.reading.refused(p).err(); err != nil {
		return response{}, err
	}
	var page [][]byte
	more := false
	for _, e := range events {
		if !ofType([]string{e.event.Type}) || !inTime(e.created) {
			continue
		}
		if more = len(page) == limit; more {
			break
		}
		page = append(page, e.body)
	}
	if backward {
		slices.Reverse(page)
	}
	return jsonResponse(http.StatusOK, encodePage(page, more)), nil
}

func (s *Sandbox) getEvent(c call) (response, error) {
	e, err := s.store.getEvent(c.key.live(), c.id)
	if err != nil {
		return response{}, err
	}
	return jsonResponse(http.StatusOK, e.body), nil
}

// createdFilters has the parameters of GET /events that filter by createdTime.
// Each accepts some results of comparing the time of an event with the parameter.
var createdFilters = map[string]func(order int) bool{
	"createdTime[gt]":  func(order int) bool { return order > 0 },
	"createdTime[gte]": func(order int) bool { return order >= 0 },
	"createdTime[lt]":  func(order int) bool { return order < 0 },
	"createdTime[lte]": func(order int) bool { return order <= 0 },
}

// createdFilter returns a filter by the query's createdFilters.
func createdFilter(p *problems, query url.Values) func(created time.Time) bool {
	limits := map[string]time.Time{}
	for _, name := range slices.Sorted(maps.Keys(query)) {
		if !strings.HasPrefix(name, "createdTime") {
			continue
		}
		if createdFilters[name] == nil {
			p.add(codeUnknown, name, "%s is not a filter; createdTime has gt, gte, lt and lte.", name)
			continue
		}
		t, err := time.Parse(time.RFC3339, query.Get(name))
		p.expect(err == nil, name, "%s must be a time such as 2020-09-22T12:09:44Z.", name)
		limits[name] = t
	}
	return func(created time.Time) bool {
		for name, limit := range limits {
			if !createdFilters[name](created.Compare(limit)) {
				return false
			}
		}
		return true
	}
}

// decodeEvent decodes a request for an event. Its data is merged into the sample
// object of the event's type. It is the object of an event whose type is not in
// the catalog.
func decodeEvent(body []byte) (*delivery.Event, error) {
	members, err := decodeObject(body)
	if err != nil {
		return nil, err
	}
	var p problems
	mode, product, patch := modeTest, "", map[string]any(nil)
	e := &delivery.Event{ID: uuid.NewString(), WebhookIDs: []string{}, DigitalRiverVersion: delivery.Version}
	fields{
		"type":    field(&e.Type, "a string"),
		"product": field(&product, "a string"),
		"mode":    field(&mode, "test or live"),
		"data":    fieldBy(&patch, decodeData),
	}.read(&p, "", "an event", members)
	e.LiveMode = mode == modeLive
	p.expect(mode == modeTest || mode == modeLive, "mode", "mode must be test or live.")
	p.require("type", e.Type)
	_, chosen := members["product"]
	var eventType catalog.EventType
	if _, known := catalog.Lookup(e.Type); known || chosen || patch == nil || !catalog.ValidName(e.Type) {
		eventType = findEventType(&p, e.Type, product, chosen)
	}
	if err := p.err(); err != nil {
		return nil, err
	}
	e.Commerce = eventType.Product == catalog.ProductCommerceAPI
	e.Data = sampleData(eventType, e.LiveMode, patch)
	return e, nil
}

// findEventType returns the event type of a name, in a product if one was chosen.
func findEventType(p *problems, name, product string, chosen bool) catalog.EventType {
	eventType, known := catalog.Lookup(name)
	if !known {
		p.expect(false, "type", "There is no documented event type %q. The nearest ones are: %s. "+
			"One that is not documented needs data, and names with dots between them.",
			name, strings.Join(catalog.Nearest(name, 3), ", "))
	}
	if !chosen {
		return eventType
	}
	if !slices.Contains(catalog.Products(), product) {
		p.expect(false, "product", "product must be %s.", strings.Join(catalog.Products(), " or "))
		return eventType
	}
	eventType, known = catalog.LookupIn(product, name)
	p.expect(known, "type", "%s does not have the event type %q.", product, name)
	return eventType
}

// maxDataDepth is how deep the data of an event may be nested. Much deeper, and
// encoding/json would not read the event.
const maxDataDepth = 1000

// decodeData decodes a JSON merge patch for the object of an event.
func decodeData(p *problems, parameter string, value json.RawMessage) (patch map[string]any) {
	d := json.NewDecoder(bytes.NewReader(value))
	d.UseNumber()
	p.expect(d.Decode(&patch) == nil && patch != nil, parameter, "%s must be an object.", parameter)
	p.expect(depth(patch) <= maxDataDepth, parameter,
		"%s must not be nested more than %d levels deep.", parameter, maxDataDepth)
	return patch
}

// sampleData returns the sample of an event type in a mode, with a JSON merge
// patch applied to the object. Without an event type, the object has nothing else.
func sampleData(eventType catalog.EventType, live bool, patch map[string]any) delivery.Data {
	if eventType.Type == "" {
		return delivery.Data{Object: encode(mergePatch(nil, patch))}
	}
	data := delivery.Data(eventType.Sample())
	if live {
		data.Object = inLiveMode(data.Object)
		data.PreviousAttributes = inLiveMode(data.PreviousAttributes)
	}
	if len(patch) > 0 {
		data.Object = encode(mergePatch(data.Object, patch))
	}
	return data
}

// inLiveMode moves an object to live mode, if there is one and it shows its mode.
// A few resources spell the member livemode.
func inLiveMode(object json.RawMessage) json.RawMessage {
	for name := range members(object) {
		if strings.EqualFold(name, "liveMode") {
			return encode(mergePatch(object, map[string]any{name: true}))
		}
	}
	return object
}
