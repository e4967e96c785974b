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
	Secret      string     `json:"secret"`
	CreatedTime time.Time  `json:"createdTime"`
	ExpiresTime *time.Time `json:"expiresTime"` // nil until a rotation sets it
}

// MaxActiveSecrets is how many secrets of one webhook work at a time (docs).
const MaxActiveSecrets = 5

// Rotation is what a rotation brought: the new secret, and the one that was
// newest before it with the time at which it stops working.
type Rotation struct {
	Secret            Secret
	PreviousExpiresAt *time.Time // nil when there was no secret before
}

// ListSecrets returns the active secrets of a webhook, newest first.
func (c *Client) ListSecrets(ctx context.Context, webhookID string) ([]Secret, error) {
	return c.begin("list signing secrets").secrets(ctx, webhookID)
}

func (o *operation) secrets(ctx context.Context, webhookID string) ([]Secret, error) {
	var secrets []Secret
	r := &request{method: http.MethodGet, path: secretsPath(webhookID)}
	r.decode = func(body []byte) (err error) {
		secrets, err = decodeSecrets(body)
		return err
	}
	if err := o.send(ctx, r); err != nil {
		return nil, err
	}
	slices.SortStableFunc(secrets, func(a, b Secret) int { return b.CreatedTime.Compare(a.CreatedTime) })
	return secrets, nil
}

// RotateSecret makes a new secret; those active so far work for expiresIn more
// hours (0, 1, 3, 6, 12 or 24). Where the answer is lost, the secrets tell
// whether it happened. A *SecretLimitError says that there are too many.
func (c *Client) RotateSecret(ctx context.Context, webhookID string, expiresIn int) (*Rotation, error) {
	o := c.begin("rotate signing secret")
	r := &request{
		method: http.MethodPost,
		path:   secretsPath(webhookID),
		body:   encode(map[string]int{"expiresIn": expiresIn}),
	}
	release, err := c.changes.acquire(ctx, "webhook "+webhookID)
	if err != nil {
		return nil, o.ended(ctx, r, nil, again)
	}
	defer release()

	before, err := o.secrets(ctx, webhookID)
	if err != nil {
		return nil, err
	}
	var made *Secret
	r.decode = func(body []byte) (err error) {
		made, err = decodeSecret(body)
		return err
	}
	r.recover = func(ctx context.Context) (bool, error) {
		after, err := o.secrets(ctx, webhookID)
		if err != nil {
			return false, err
		}
		for i, secret := range after {
			if !slices.ContainsFunc(before, func(s Secret) bool { return s.ID == secret.ID }) {
				made = &after[i]
				return true, nil
			}
		}
		return false, nil
	}
	if err := o.send(ctx, r); err != nil {
		return nil, limitReached(err, before)
	}
	return rotation(*made, before, time.Duration(expiresIn)*time.Hour), nil
}

// rotation says when the secret that was newest stops working: never later than
// it would have anyway (decided).
func rotation(made Secret, before []Secret, overlap time.Duration) *Rotation {
	r := &Rotation{Secret: made}
	if len(before) == 0 {
		return r
	}
	expires := made.CreatedTime.Add(overlap)
	if own := before[0].ExpiresTime; own != nil && own.Before(expires) {
		expires = *own
	}
	r.PreviousExpiresAt = &expires
	return r
}

// limitReached turns the API's refusal of one more secret into a
// *SecretLimitError; other errors stay.
func limitReached(err error, active []Secret) error {
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

// codeSecretLimit is the fault of a sixth secret (decided).
const codeSecretLimit = "secret_limit_exceeded"

func secretsPath(webhookID string) string { return webhookPath(webhookID) + "/secrets" }
