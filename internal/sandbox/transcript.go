package sandbox

import (
	"net/http"
	"slices"
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
		Timing: timing{
			milliseconds(r.Timing.Connect), milliseconds(r.Timing.TLS),
			milliseconds(r.Timing.Wait), milliseconds(r.Timing.Read),
		},
	}
	if scheme, _, found := strings.Cut(t.RequestHeader.Get("Authorization"), " "); found {
		t.RequestHeader.Set("Authorization", scheme+" "+redacted)
	}
	hide := hider(append(credentials(w, request), secrets...))
	t.ResponseBody = []byte(hide.Replace(string(r.Body)))
	t.ResponseHeader = http.Header{}
	for name, values := range r.Header {
		for _, value := range values {
			t.ResponseHeader[hide.Replace(name)] = append(t.ResponseHeader[hide.Replace(name)], hide.Replace(value))
		}
	}
	return t
}

// milliseconds returns d to the microsecond.
func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// redacted stands in place of a credential.
const redacted = "…"

// credentials returns the credentials that a request to a webhook had.
func credentials(w webhook, request *http.Request) []string {
	_, authorization, _ := strings.Cut(request.Header.Get("Authorization"), " ")
	_, password, _ := request.BasicAuth()
	list := []string{authorization, password, request.URL.RawQuery}
	if w.OAuth != nil {
		list = append(list, w.OAuth.ClientSecret, w.OAuth.Password)
	}
	return list
}

// hider returns what takes credentials out of an endpoint's response, which may
// repeat them. It leaves alone what is too short to be one.
func hider(credentials []string) *strings.Replacer {
	// Longer ones first, in case one contains another.
	slices.SortFunc(credentials, func(a, b string) int { return len(b) - len(a) })
	var pairs []string
	for _, c := range credentials {
		if len(c) >= 4 {
			pairs = append(pairs, c, redacted)
		}
	}
	return strings.NewReplacer(pairs...)
}
