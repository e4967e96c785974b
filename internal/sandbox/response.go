// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package sandbox

import (
	"context"
	"net/http"
	"strconv"
	"time"
)

// response is a complete HTTP response.
type response struct {
	status      int
	header      map[string]string
	contentType string
	body        []byte
	problem     string // What is wrong with the request, for the log.
	// truncated sends half of the body and then cuts the connection.
	truncated bool
	// stream writes the body in place of body, for as long as it likes.
	stream func(context.Context, http.ResponseWriter)
}

// noContent is the response to what returns nothing.
var noContent = response{status: http.StatusNoContent}

func jsonResponse(status int, body []byte) response {
	return response{status: status, contentType: "application/json", body: body}
}

// write sends the response with the date now. Whether it arrives is unknown.
func (r response) write(w http.ResponseWriter, now time.Time) {
	h := w.Header()
	h.Set("Date", now.UTC().Format(http.TimeFormat))
	for name, value := range r.header {
		h.Set(name, value)
	}
	if r.contentType != "" {
		h.Set("Content-Type", r.contentType)
	}
	if r.status != http.StatusNoContent && r.stream == nil {
		h.Set("Content-Length", strconv.Itoa(len(r.body)))
	}
	w.WriteHeader(r.status)
	if r.truncated {
		// The server closes a connection whose response was shorter than its
		// Content-Length.
		r.body = r.body[:len(r.body)/2]
	}
	_, _ = w.Write(r.body)
}
