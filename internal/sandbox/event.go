package sandbox

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	jsonpatch "github.com/evanphx/json-patch/v5"
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
	s.courier.schedule(attempts)
	return jsonResponse(http.StatusAccepted, encode(struct {
		ID         string   `json:"id"`
		WebhookIDs []string `json:"webhookIds"`
	}{e.ID, e.WebhookIDs})), nil
}

// decodeEvent decodes a request for an event. Its data is merged into the sample
// object of the event's type.
func decodeEvent(body []byte) (*delivery.Event, error) {
	members, err := decodeObject(body)
	if err != nil {
		return nil, err
	}
	var p problems
	mode, product, patch := modeTest, "", json.RawMessage("{}")
	e := &delivery.Event{ID: uuid.NewString(), WebhookIDs: []string{}, DigitalRiverVersion: delivery.Version}
	fields{
		"type":    field(&e.Type, "a string"),
		"product": field(&product, "a string"),
		"mode":    field(&mode, "test or live"),
		"data": func(p *problems, name string, value json.RawMessage) {
			if decode[map[string]json.RawMessage](p, name, "an object", value) != nil {
				patch = value
			}
		},
	}.read(&p, "", "an event", members)
	e.LiveMode = mode == modeLive
	p.expect(mode == modeTest || mode == modeLive, "mode", "mode must be test or live.")
	p.require("type", e.Type)
	_, chosen := members["product"]
	eventType := findEventType(&p, e.Type, product, chosen)
	if err := p.err(); err != nil {
		return nil, err
	}
	e.Commerce = eventType.Product == catalog.ProductCommerceAPI
	e.Data, err = sampleData(eventType, e.LiveMode, patch)
	return e, err
}

// findEventType returns the event type of a name, in a product if one was chosen.
func findEventType(p *problems, name, product string, chosen bool) catalog.EventType {
	eventType, known := catalog.Lookup(name)
	if !known {
		p.expect(false, "type", "There is no event type %q. The nearest ones are: %s.",
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

// sampleData returns the sample of an event type in a mode, with a JSON merge
// patch applied to the object.
func sampleData(eventType catalog.EventType, live bool, patch json.RawMessage) (delivery.Data, error) {
	data := delivery.Data(eventType.Sample())
	var err error
	if live {
		if data.Object, err = inLiveMode(data.Object); err != nil {
			return data, err
		}
		if data.PreviousAttributes, err = inLiveMode(data.PreviousAttributes); err != nil {
			return data, err
		}
	}
	data.Object, err = jsonpatch.MergePatch(data.Object, patch)
	return data, err
}

// inLiveMode moves an object to live mode, if there is one and it shows its mode.
// A few resources spell the member livemode.
func inLiveMode(object json.RawMessage) (json.RawMessage, error) {
	var members map[string]json.RawMessage
	if object != nil {
		if err := json.Unmarshal(object, &members); err != nil {
			return nil, err
		}
	}
	for name := range members {
		if strings.EqualFold(name, "liveMode") {
			return jsonpatch.MergePatch(object, []byte(`{"`+name+`":true}`))
		}
	}
	return object, nil
}
