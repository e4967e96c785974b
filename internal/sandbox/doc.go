// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

// Package sandbox is a local Webhooks API: it stores webhooks and their signing
// secrets in one file, delivers events to their endpoints, enforces the
// documented rate limits, and fails on demand. It shares no code with the API
// client, so that a mistake in one cannot hide in the other.
//
// # Where to begin
//
// Read routes.go first: its two tables list every path, method and handler. A
// handler is in the file of its object, beside the object's type and checks:
// webhook.go (the list in webhooklist.go), secret.go, event.go, delivery.go,
// faults.go, requestlog.go and clock.go. They share:
//
//   - reading.go: what depends on how the public sources are read; the package
//     readings describes the ways to read them
//   - exchange.go: what happens to an API request before and after its handler
//   - origin.go: which requests of browsers are refused
//   - keys.go, limiter.go: API keys and their rate limits
//   - json.go, errors.go, response.go: reading and checking a body, the form of
//     errors, and writing a response
//   - store.go, table.go: the data file and its tables; webhookstore.go and
//     deliverystore.go have the objects in them
//   - courier.go, sender.go: when an attempt to deliver is made, and how;
//     transcript.go: what is kept of it
//   - feed.go: the log, and the stream of it
//   - inspect.go: what the page at / shows beyond the API; the page itself is the
//     package inspector
//
// # A request, from end to end
//
// PATCH /webhooks/{id} arrives at [Sandbox.ServeHTTP], which hands everything
// outside /_sandbox to serveAPI. That begins an entry in the request log, refuses
// what the page of another site sends, looks up the API key, asks the limiter,
// reads the body, and asks faults whether a rule fires. Unless the fault says
// otherwise, do finds the operation in apiRoutes and runs its handler,
// updateWebhook. The handler has the store copy the webhook's record, merges the
// body into the copy with [fields], and checks the result; all problems together
// are one 400. The store writes the copy to the data file and, once that is
// committed, replaces the record in memory. Finally exchange.respond lets the
// latency pass, finishes the log entry, and writes the response.
//
// # An event, from end to end
//
// POST /_sandbox/events also arrives at [Sandbox.ServeHTTP], which leaves it to
// control: no key, no limit, no faults. The handler, triggerEvent, merges the
// data of the request into the sample object of the event type. The store finds
// the enabled webhooks that subscribe to the type, and writes the event with a
// first attempt for each of them, so that no event is lost when the process is
// killed. GET /events lists the event for 30 days. The courier keeps the attempt
// in its queue until it is due on the sandbox's clock, and then in the line of
// the webhook until fewer than 8 others of that are under way. It asks faults
// whether a rule fires for the attempt, as serveAPI does. The sender signs
// the body with the webhook's active secrets, adds its credentials, and posts it
// to the receiver. The store then logs the result with its transcript, and notes
// in the webhook's record since when it has failed, if it did. The next attempt
// replaces a failed one, if there is a next one. The courier also disables a
// webhook that has failed for 72 hours. It tells the feed of all this, which
// writes the log and the open streams.
package sandbox
