package sandbox

import (
	"encoding/json"
	"net/http"
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
	mode, patch := modeTest, json.RawMessage("{}")
	e := &delivery.Event{ID: uuid.NewString(), WebhookIDs: []string{}, DigitalRiverVersion: delivery.Version}
	fields{
		"type": field(&e.Type, "a string"),
		"mode": field(&mode, "test or live"),
		"data": func(p *problems, name string, value json.RawMessage) {
			if decode[map[string]json.RawMessage](p, name, "an object", value) != nil {
				patch = value
			}
		},
	}.read(&p, "", "an event", members)
	e.LiveMode = mode == modeLive
	p.expect(mode == modeTest || mode == modeLive, "mode", "mode must be test or live.")
	p.require("type", e.Type)
	if _, known := catalog.Lookup(e.Type); !known {
		p.expect(false, "type", "There is no event type %q. The nearest ones are: %s.",
			e.Type, strings.Join(catalog.Nearest(e.Type, 3), ", "))
	}
	if err := p.err(); err != nil {
		return nil, err
	}
	e.Data.Object, err = sampleObject(e.Type, e.LiveMode, patch)
	return e, err
}

// sampleObject returns the sample object of an event type in a mode, with a JSON
// merge patch applied.
func sampleObject(eventType string, live bool, patch json.RawMessage) (json.RawMessage, error) {
	known, _ := catalog.Lookup(eventType)
	object := known.Sample().Object
	var err error
	var members map[string]json.RawMessage
	if err := json.Unmarshal(object, &members); err != nil {
		return nil, err
	}
	if _, has := members["liveMode"]; has && live {
		if object, err = jsonpatch.MergePatch(object, []byte(`{"liveMode":true}`)); err != nil {
			return nil, err
		}
	}
	return jsonpatch.MergePatch(object, patch)
}
