package main

import (
	"net/http"
	"testing"
)

// TestNode_failingHandler runs the receiver with a handler that fails.
func TestNode_failingHandler(t *testing.T) {
	t.Parallel()
	program := editedNode(t, map[string]string{`// Handle the event here\.`: `throw new Error("as the test demands");`})
	r := start(t, nodeCommand(t, program, secret))
	r.expectAccepted(t, "1")
	body := eventBody("1")
	r.expect(t, signed(body, secret), body, http.StatusAccepted, "again order.accepted 1")
}
