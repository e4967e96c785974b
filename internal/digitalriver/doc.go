// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

// Package digitalriver is a client of Digital River's Webhooks API. It does not
// depend on Terraform.
//
// # What to read first
//
// webhook.go and secret.go have the objects of the API. The methods of [Client]
// for webhooks are in webhook_create.go, webhook_read.go and webhook_change.go;
// webhook_page.go and user_name.go deal with what the documentation leaves open.
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
//     calls operation.attempt. Client.roundTrip sends the POST; the connection is
//     reset before a response arrives.
//  3. classify calls the attempt ambiguous: the API may have created the webhook.
//     waitBeforeRetry waits.
//  4. send calls the lookUp of the request, which is findCreated. It lists the
//     webhooks and looks for one with this address and these event types that is
//     new. If there is one, the create has succeeded. If there is none, send starts
//     again at step 2. If there are several, if the list does not show it, or if no
//     retries are left, it ends with an [UncertainError].
//  5. If the create was sent again and then succeeded, checkCreatedOnce looks once
//     more: the first attempt may have been carried out late.
//  6. CreateWebhook records the webhook and the mode that it shows (setMode), and
//     adds it to the list (write.end).
//
// # Errors
//
// Methods of Client return an [*Error], or an [*UncertainError], [*SecretLimitError] or
// [*SecretsUnavailableError] that wraps one. [IsNotFound] recognizes an object that
// does not exist. If the context ended, the error wraps the context's error. No error
// contains a credential (redact.go).
//
// # Concurrency
//
// Calls may run at the same time. All requests pass one limiter, and a 429 pauses
// all of them. Reads share one list of webhooks (cache.go). Changes of one webhook
// run one after another, and so do identical creates; other changes run at the same
// time. A read that begins after a write has ended sees its result.
package digitalriver
