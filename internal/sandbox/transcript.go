// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package sandbox

import (
	"net/http"
	"strings"
	"time"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/delivery"
	"github.com/digitalriver/terraform-provider-digitalriver/internal/redact"
)

// transcript is what an attempt sent and got. It has no credentials, except for
// signatures. The body that was sent is that of the event.
type transcript struct {
	URL            string      `json:"url"`
	RequestHeader  http.Header `json:"requestHeader"`
	Responded      bool        `json:"responded"`
	ResponseHeader http.Header `json:"responseHeader"`
	ResponseBody   []byte      `json:"responseBody"`
	Timing         timing      `json:"timing"`
	// RealTime is when the response was there, on the clock of this machine.
	RealTime timestamp `json:"realTime"`
}

// timing has the parts of a delivery in milliseconds; see [delivery.Timing].
type timing struct {
	Connect float64 `json:"connectMs"`
	TLS     float64 `json:"tlsMs"`
	Wait    float64 `json:"waitMs"`
	Read    float64 `json:"readMs"`
}

func newTranscript(w webhook, secrets []string, request *http.Request, r delivery.Response) *transcript {
	t := &transcript{
		URL:           redact.URL(w.Address),
		RequestHeader: request.Header.Clone(),
		Responded:     r.Status != 0,
		RealTime:      timestamp{time.Now()},
		Timing: timing{
			milliseconds(r.Timing.Connect), milliseconds(r.Timing.TLS),
			milliseconds(r.Timing.Wait), milliseconds(r.Timing.Read),
		},
	}
	if scheme, _, found := strings.Cut(t.RequestHeader.Get("Authorization"), " "); found {
		t.RequestHeader.Set("Authorization", scheme+" "+redact.Mark)
	}
	hide := redact.Replacer(append(credentials(w, request), secrets...)...)
	t.ResponseBody = []byte(hide.Replace(string(r.Body)))
	t.ResponseHeader = http.Header{}
	for name, values := range r.Header {
		for _, value := range values {
			t.ResponseHeader[hide.Replace(name)] = append(t.ResponseHeader[hide.Replace(name)], hide.Replace(value))
		}
	}
	return t
}

// maxFirstLine is the number of characters that the reason of an attempt has of a
// response.
const maxFirstLine = 120

// firstLine returns the beginning of the first line of the response's body with
// text, in which endpoints often say why they refuse an event. Characters that are
// not printable are escaped.
func (t *transcript) firstLine() string {
	line, _, _ := strings.Cut(strings.TrimSpace(string(t.ResponseBody)), "\n")
	characters := []rune(strings.TrimSpace(line))
	if len(characters) > maxFirstLine {
		characters = append(characters[:maxFirstLine], '…')
	}
	return redact.Control(string(characters))
}

// milliseconds returns d to the microsecond.
func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// credentials returns the credentials that a request to a webhook had.
func credentials(w webhook, request *http.Request) []string {
	list := redact.RequestCredentials(request)
	if w.OAuth != nil {
		list = append(list, w.OAuth.ClientSecret, w.OAuth.Password)
	}
	return list
}
