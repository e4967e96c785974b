// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package digitalriver

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"
)

// Secret is a signing secret of a webhook.
type Secret struct {
	ID          string     `json:"id"`
	Secret      string     `json:"secret"` // empty if the API masks it or does not show it
	CreatedTime time.Time  `json:"createdTime"`
	ExpiresTime *time.Time `json:"expiresTime"` // nil until a rotation sets it
}

const rotateSecret = "rotate signing secret"

// MaxActiveSecrets is how many secrets of a webhook can be active at a time.
const MaxActiveSecrets = 5

// Rotation is the result of a rotation.
type Rotation struct {
	Secret Secret // the new one
	// PreviousExpiresAt is when the secret that was the newest before stops
	// working; nil if there was none.
	PreviousExpiresAt *time.Time
}

// ListSecrets returns the active secrets of a webhook, newest first. It returns a
// *SecretsUnavailableError if the API does not offer them to the key.
func (c *Client) ListSecrets(ctx context.Context, webhookID string) ([]Secret, error) {
	return c.newOperation("list signing secrets").listSecrets(ctx, webhookID)
}

func (o *operation) listSecrets(ctx context.Context, webhookID string) ([]Secret, error) {
	var secrets []Secret
	r := newGet(secretsPath(webhookID))
	r.decode = func(body []byte) (err error) {
		secrets, err = decodeSecrets(body)
		return err
	}
	if err := o.send(ctx, r); err != nil {
		return nil, o.secretsError(ctx, webhookID, err)
	}
	for _, secret := range secrets {
		o.client.redactor.add(secret.Secret)
	}
	slices.SortStableFunc(secrets, func(a, b Secret) int { return b.CreatedTime.Compare(a.CreatedTime) })
	return secrets, nil
}

// RotateSecret adds a secret to a webhook. Its active secrets keep working for
// expiresIn hours, one of the choices of Digital River's dashboard: 0, 1, 3, 6, 12
// or 24.
//
// It lists the secrets first: if the response is lost, they show whether there is
// a new one. It returns a *SecretLimitError if too many secrets are active, and a
// *SecretsUnavailableError if the API does not offer rotations to the key. It returns
// an *UncertainError if it remains open whether the API added a secret, or how many;
// if there is one that is certain, it returns that too.
//
// No public page shows the requests for secrets: see
// docs/guides/documented-and-decided.md.
func (c *Client) RotateSecret(ctx context.Context, webhookID string, expiresIn int) (*Rotation, error) {
	o := c.newOperation(rotateSecret)
	r := &request{
		method: http.MethodPost,
		path:   secretsPath(webhookID),
		body:   encode(map[string]int{"expiresIn": expiresIn}),
	}
	unlock, err := c.lockWebhook(ctx, webhookID)
	if err != nil {
		return nil, o.contextError(ctx, r)
	}
	defer unlock()

	before, err := o.listSecrets(ctx, webhookID)
	if err != nil {
		return nil, err
	}
	var result *Secret
	r.decode = func(body []byte) (err error) {
		result, err = decodeSecret(body)
		return err
	}
	r.lookUp = func(ctx context.Context) (found bool, err error) {
		after, err := o.listSecrets(ctx, webhookID)
		if err != nil {
			return false, err
		}
		switch added := addedSecrets(before, after); len(added) {
		case 0:
			return false, nil
		case 1:
			result = &added[0]
			return true, nil
		default:
			return false, &UncertainError{IDs: secretIDs(added), Err: r.lost}
		}
	}
	if err := o.send(ctx, r); err != nil {
		return nil, o.secretsError(ctx, webhookID, asSecretLimitError(err, before))
	}
	c.redactor.add(result.Secret)
	if r.lost != nil {
		err = o.checkRotatedOnce(ctx, r, webhookID, before, *result)
	}
	return newRotation(*result, before, time.Duration(expiresIn)*time.Hour), err
}

// checkRotatedOnce returns an *UncertainError unless the secrets show that the
// attempts of a rotation added only one.
func (o *operation) checkRotatedOnce(
	ctx context.Context, r *request, webhookID string, before []Secret, result Secret,
) error {
	uncertain := &UncertainError{IDs: []string{result.ID}, repeated: true}
	after, err := o.listSecrets(ctx, webhookID)
	if err != nil {
		uncertain.Err = asAPIError(err)
	} else {
		added := addedSecrets(append(before, result), after)
		if len(added) == 0 {
			return nil
		}
		uncertain.IDs = append(uncertain.IDs, secretIDs(added)...)
		uncertain.Err = r.lost
	}
	return uncertain
}

// addedSecrets returns the secrets of after that are not in before.
func addedSecrets(before, after []Secret) []Secret {
	return slices.DeleteFunc(slices.Clone(after), func(secret Secret) bool {
		return slices.ContainsFunc(before, func(s Secret) bool { return s.ID == secret.ID })
	})
}

func secretIDs(secrets []Secret) []string {
	ids := make([]string, len(secrets))
	for i, secret := range secrets {
		ids[i] = secret.ID
	}
	return ids
}

// secretsError turns the refusal of a request for secrets into a
// *SecretsUnavailableError if the webhook exists. It returns any other error as it
// is.
func (o *operation) secretsError(ctx context.Context, webhookID string, err error) error {
	var uncertain *UncertainError
	refusal := asAPIError(err)
	switch {
	case refusal == nil, errors.As(err, &uncertain):
		return err
	case refusal.Status == http.StatusNotFound, refusal.Status == http.StatusMethodNotAllowed,
		refusal.Status == http.StatusForbidden:
	default:
		return err
	}
	_, readErr := o.client.getUnlisted(ctx, webhookID)
	switch {
	case readErr == nil:
		return &SecretsUnavailableError{WebhookID: webhookID, Status: refusal.Status, Err: refusal}
	case IsNotFound(readErr):
		gone := *asAPIError(readErr)
		gone.Operation = o.name
		return &gone
	default:
		return err
	}
}

// newRotation computes when the secret that was the newest stops working: after
// the overlap, but not later than it would have without the rotation.
func newRotation(added Secret, before []Secret, overlap time.Duration) *Rotation {
	r := &Rotation{Secret: added}
	if len(before) == 0 {
		return r
	}
	expires := added.CreatedTime.Add(overlap)
	if own := before[0].ExpiresTime; own != nil && own.Before(expires) {
		expires = *own
	}
	r.PreviousExpiresAt = &expires
	return r
}

// asSecretLimitError turns the API's refusal of one more secret into a
// *SecretLimitError. It returns any other error as it is.
func asSecretLimitError(err error, active []Secret) error {
	var apiError *Error
	if !errors.As(err, &apiError) || apiError.Status != http.StatusConflict ||
		!slices.ContainsFunc(apiError.Faults, func(f Fault) bool { return f.Code == codeSecretLimit }) {
		return err
	}
	limit := &SecretLimitError{Active: len(active), Err: apiError}
	for _, secret := range active {
		if e := secret.ExpiresTime; e != nil && (limit.NextExpiry == nil || e.Before(*limit.NextExpiry)) {
			limit.NextExpiry = e
		}
	}
	return limit
}

// codeSecretLimit is the code of the fault that refuses a sixth active secret.
const codeSecretLimit = "secret_limit_exceeded"

func secretsPath(webhookID string) string { return webhookPath(webhookID) + "/secrets" }

func decodeSecret(body []byte) (*Secret, error) {
	var secret Secret
	if err := unmarshal(body, &secret); err != nil {
		return nil, err
	}
	if err := secret.complete(); err != nil {
		return nil, err
	}
	return &secret, nil
}

// decodeSecrets reads the list of secrets, in the order of the response.
func decodeSecrets(body []byte) ([]Secret, error) {
	var list struct {
		Data *[]Secret `json:"data"`
	}
	if err := unmarshal(body, &list); err != nil {
		return nil, err
	}
	if list.Data == nil {
		return nil, errNoData
	}
	for i := range *list.Data {
		if err := (*list.Data)[i].complete(); err != nil {
			return nil, err
		}
	}
	return *list.Data, nil
}

// complete checks what every secret has, and removes a mask.
func (s *Secret) complete() error {
	if s.ID == "" {
		return errors.New("the signing secret has no id")
	}
	s.Secret = unmasked(s.Secret)
	return nil
}
