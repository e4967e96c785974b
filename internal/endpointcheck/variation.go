// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package endpointcheck

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/delivery"
)

const (
	brokenSignature = "broken signature"

	// staleBy is the age of a stale timestamp. Receivers are advised to tolerate
	// 5 minutes.
	staleBy = 10 * time.Minute
	// atOnce is the number of events that are sent at once.
	atOnce = 10
)

// variation is a way to send the event again.
type variation struct {
	name    string
	body    []byte
	signed  []byte // The bytes that are signed.
	secrets []string
	age     time.Duration // Of the timestamp.
	refuse  bool          // The endpoint should refuse it.
	// problem is what it means if the endpoint does not respond like that. If the
	// endpoint should accept it, it has a verb for the outcome.
	problem string
}

// variations returns what is sent after the event with this body. Those after the
// broken signature show nothing about an endpoint that accepts that.
func (c Check) variations(body []byte) []variation {
	changed := append([]byte(`{"changed":true,`), body[1:]...)
	var indented bytes.Buffer
	_ = json.Indent(&indented, body, "", "  ") // Encoded just before, so it is JSON.
	own := []string{c.Secret}
	return []variation{
		{
			name: "the same again", body: body, signed: body, secrets: own,
			problem: "The same event again was not acknowledged (%s). An event may arrive twice: " +
				"respond with a 2xx to one that is already known.",
		},
		{
			name: "two signatures", body: body, signed: body, secrets: []string{rand.Text(), c.Secret},
			problem: "The event with two signatures, the second one with this secret, was not acknowledged (%s). " +
				"Deliveries look like that while a secret is rotated, and would be lost: " +
				"accept an event if any of its signatures is valid.",
		},
		{
			name: brokenSignature, body: body, signed: body, secrets: []string{rand.Text()}, refuse: true,
			problem: "The broken signature was accepted, so anyone could send events. " +
				"Verify the signature over the raw body, and respond with 400 if it is not valid.",
		},
		{
			name: "stale timestamp", body: body, signed: body, secrets: own, age: staleBy, refuse: true,
			problem: "The stale timestamp, of 10 minutes ago, was accepted, so whoever recorded a delivery could send it " +
				"again at any time. Refuse timestamps that differ from now by more than 5 minutes.",
		},
		{
			name: "changed body", body: changed, signed: body, secrets: own, refuse: true,
			problem: "The changed body was accepted with the signature of the original, so events could be forged. " +
				"Verify the signature over the whole raw body.",
		},
		{
			name: "re-encoded body", body: indented.Bytes(), signed: body, secrets: own, refuse: true,
			problem: "The re-encoded body, the same JSON with other white space, was accepted with the signature of the " +
				"original. The endpoint does not verify the bytes that it gets, but what it parsed and encoded again, " +
				"and will refuse valid events that it encodes differently. Verify the raw body.",
		},
	}
}

// sendAtOnce sends several new events at the same time, and judges the responses.
func (s sender) sendAtOnce(ctx context.Context, result *Result, event delivery.Event) error {
	sent := make([]Request, atOnce)
	errs := make([]error, atOnce)
	var group sync.WaitGroup
	for i := range atOnce {
		event.ID = uuid.NewString()
		body, err := event.Encode()
		if err != nil {
			return err
		}
		group.Go(func() {
			v := variation{name: "ten at once", body: body, signed: body, secrets: []string{s.Secret}}
			sent[i], errs[i] = s.send(ctx, v)
		})
	}
	group.Wait()
	worst, failed := sent[0], 0
	for i, request := range sent {
		if errs[i] != nil {
			return errs[i]
		}
		acknowledged, worstAcknowledged := request.response.Acknowledged(), worst.response.Acknowledged()
		if !acknowledged {
			failed++
		}
		if worstAcknowledged && !acknowledged ||
			worstAcknowledged == acknowledged && request.DurationMS > worst.DurationMS {
			worst = request
		}
	}
	result.Requests = append(result.Requests, worst)
	if failed > 0 {
		result.fail("%d of %d events at once were not acknowledged (%s). Events arrive in bursts, and these would be "+
			"lost: respond with 202 at once, and put the work in a queue.", failed, atOnce, worst.Outcome())
	}
	return nil
}
