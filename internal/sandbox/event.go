package sandbox

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	jsonpatch "github.com/evanphx/json-patch/v5"
	"github.com/google/uuid"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/catalog"
)

// event is an event as endpoints get it.
type event struct {
	ID   string `json:"id"`
	Type string `json:"type"`
	Data struct {
		Object json.RawMessage `json:"object"`
	} `json:"data"`
	LiveMode            bool      `json:"liveMode"`
	CreatedTime         timestamp `json:"createdTime"`
	WebhookIDs          []string  `json:"webhookIds"`
	DigitalRiverVersion string    `json:"digitalriverVersion"`
}

// triggerEvent makes an event and sends it on its way.
func (s *Sandbox) triggerEvent(_ url.Values, body []byte) (answer, error) {
	e, err := decodeEvent(body)
	if err != nil {
		return answer{}, err
	}
	attempts, err := s.store.addEvent(e)
	if err != nil {
		return answer{}, err
	}
	s.courier.send(attempts)
	return jsonAnswer(http.StatusAccepted, encode(struct {
		ID         string   `json:"id"`
		WebhookIDs []string `json:"webhookIds"`
	}{e.ID, e.WebhookIDs})), nil
}

// decodeEvent reads a request for an event. What its data gives replaces what
// the sample object of its type has.
func decodeEvent(body []byte) (*event, error) {
	members, err := decodeObject(body)
	if err != nil {
		return nil, err
	}
	var p problems
	mode, patch := modeTest, json.RawMessage("{}")
	e := &event{ID: uuid.NewString(), WebhookIDs: []string{}, DigitalRiverVersion: newestVersion}
	for _, name := range slices.Sorted(maps.Keys(members)) {
		switch value := members[name]; name {
		case "type":
			e.Type = decode[string](&p, name, "a string", value)
		case "mode":
			mode = decode[string](&p, name, "test or live", value)
			p.expect(mode == modeTest || mode == modeLive, name, "mode must be test or live.")
		case "data":
			if decode[map[string]json.RawMessage](&p, name, "an object", value) != nil {
				patch = value
			}
		default:
			p.add(codeInvalid, name, "%s is not a member of an event.", name)
		}
	}
	e.LiveMode = mode == modeLive
	p.require("type", e.Type)
	if _, known := catalog.Lookup(e.Type); !known {
		p.expect(e.Type == "", "type", "%q is no event type of Digital River. Near to it: %s.", e.Type, strings.Join(catalog.Nearest(e.Type, 3), ", "))
	}
	if err := p.err(); err != nil {
		return nil, err
	}
	e.Data.Object, err = sampleObject(e.Type, e.LiveMode, patch)
	return e, err
}

// sampleObject is the sample of an event type in a mode, with a JSON merge
// patch applied.
func sampleObject(eventType string, live bool, patch json.RawMessage) (json.RawMessage, error) {
	t, _ := catalog.Lookup(eventType)
	object := t.Sample().Object
	var members map[string]json.RawMessage
	err := json.Unmarshal(object, &members)
	if err != nil {
		return nil, err
	}
	if _, has := members["liveMode"]; has && live {
		if object, err = jsonpatch.MergePatch(object, []byte(`{"liveMode":true}`)); err != nil {
			return nil, err
		}
	}
	return jsonpatch.MergePatch(object, patch)
}
