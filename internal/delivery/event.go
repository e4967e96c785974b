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
}

// Data holds the object that an event is about.
type Data struct {
	Object json.RawMessage `json:"object"`
}

// FormatTime returns t in TimeFormat.
func FormatTime(t time.Time) string { return t.UTC().Format(TimeFormat) }

// Encode returns the event as the bytes of a body. It fails when the object is
// not JSON.
func (e Event) Encode() ([]byte, error) {
	var body bytes.Buffer
	encoder := json.NewEncoder(&body)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(e); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(body.Bytes(), []byte("\n")), nil
}
