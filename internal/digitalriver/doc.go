// Package digitalriver is a client of Digital River's Webhooks API. It does not
// depend on Terraform.
//
// # What to read first
//
// webhook.go and secret.go define the objects of the API. The methods of [Client]
// for webhooks are in webhook_create.go, webhook_read.go and webhook_change.go.
// Each call is an operation (operation.go) that sends requests; retry.go decides
// what happens after an attempt, limiter.go when the next one may be sent, and
// transport.go sends it.
//
// # One call from end to end
//
// [Client.CreateWebhook], when the response to its POST is lost:
//
//  1. CreateWebhook begins an operation (newOperation). It locks the fingerprint of
//     the webhook (keyedMutex), so that identical creates run one after another. It
//     records the time and which webhooks it knows already (seenIDs). It announces
//     a write to the cache (beginWrite).
//  2. operation.send waits until the limiter permits a request (waitForTurn), then
//     calls operation.attempt, which calls Client.roundTrip to send the POST. The
//     connection breaks before a response arrives.
//  3. classify returns ambiguous: the API may have created the webhook. send waits
//     (waitBeforeRetry), then calls lookUp of the request, which is findCreated.
//  4. findCreated lists the webhooks and looks for a new one with this address and
//     these event types. If it finds one, the create has succeeded. If it finds
//     several, the create fails with a [DuplicateError]. If it finds none, send
//     continues at step 2, as long as there are retries left.
//  5. CreateWebhook records the ID (seenIDs) and the mode of the webhook (setMode),
//     and adds it to the cached list (write.end).
//
// # Errors
//
// Methods of Client return an [*Error], or a [*DuplicateError] or
// [*SecretLimitError] that wraps one. [IsNotFound] recognizes an object that does
// not exist. If the context ended, the error wraps the context's error. No error
// contains a credential (redact.go).
//
// # Concurrency
//
// Calls may run at the same time. All requests pass one limiter, and a 429 pauses
// all of them. Reads share one list of webhooks (cache.go). Changes of one webhook
// run one after another, and so do identical creates; other changes run at the same
// time. A read that begins after a write has ended sees its result.
package digitalriver
