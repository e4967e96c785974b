// Package digitalriver is a client of Digital River's Webhooks API. It knows
// nothing of Terraform.
package digitalriver

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// The transport types of a webhook (seed 001).
const (
	TransportHTTP  = "HTTP"
	TransportOAuth = "OAUTH"
)

// The grant types of an OAuth transport (docs).
const (
	GrantPassword          = "password"
	GrantClientCredentials = "client_credentials"
)

// Webhook is a webhook as the API answers it.
type Webhook struct {
	ID             string
	Types          []string // order means nothing
	Address        string
	Enabled        bool
	APIVersion     string // "default", "latest" or a date
	TransportType  string
	Authentication *Authentication // nil unless TransportType is HTTP and it is set
	OAuth          *OAuth          // nil unless TransportType is OAUTH
	LiveMode       bool
	CreatedTime    time.Time
	UpdatedTime    time.Time
}

// Authentication is basic authentication towards the endpoint.
type Authentication struct {
	UserName string
	Password string
}

// OAuth is how a bearer token for the endpoint is fetched. Empty optional
// members are not sent.
type OAuth struct {
	TokenEndPoint string
	ClientID      string
	ClientSecret  string
	GrantType     string
	UserName      string
	Password      string
	Audience      string
}

// NewWebhook is the body of a create. Empty optional members are not sent.
type NewWebhook struct {
	Types          []string
	Address        string
	Enabled        bool
	APIVersion     string
	TransportType  string
	Authentication *Authentication
	OAuth          *OAuth
}

// WebhookPatch is the body of an update: what is nil stays as it is.
type WebhookPatch struct {
	Types         []string
	Address       *string
	Enabled       *bool
	APIVersion    *string
	TransportType *string

	Authentication       *Authentication
	RemoveAuthentication bool // sends null
	OAuth                *OAuth
	RemoveOAuth          bool // sends null
}

// CreateWebhook creates a webhook. Where the answer is lost, it looks for the
// webhook before it asks again; a *DuplicateError says that it cannot tell
// which one it is.
func (c *Client) CreateWebhook(ctx context.Context, webhook NewWebhook) (*Webhook, error) {
	o := c.begin("create webhook", credentials(webhook.Authentication, webhook.OAuth)...)
	r := &request{method: http.MethodPost, path: webhooksPath, body: encodeNewWebhook(webhook)}
	release, err := c.changes.acquire(ctx, "create "+likeness(webhook.Address, webhook.Types))
	if err != nil {
		return nil, o.ended(ctx, r, nil, again)
	}
	defer release()

	started, since := c.config.Clock.Now(), c.known.now()
	var created *Webhook
	r.decode = func(body []byte) (err error) {
		created, err = decodeWebhook(body)
		return err
	}
	r.recover = func(ctx context.Context) (bool, error) {
		all, skew, err := o.list(ctx)
		if err != nil {
			return false, err
		}
		earliest := started.Add(skew - createMargin)
		var matches []*Webhook
		for _, w := range all {
			if likeness(w.Address, w.Types) == likeness(webhook.Address, webhook.Types) &&
				!w.CreatedTime.Before(earliest) && !c.known.before(w.ID, since) {
				matches = append(matches, w)
			}
		}
		if len(matches) > 1 {
			return false, o.duplicate(r, matches)
		}
		if len(matches) == 1 {
			created = matches[0]
		}
		return created != nil, nil
	}

	write := c.cache.write("")
	if err := o.send(ctx, r); err != nil {
		write.end(nil)
		return nil, err
	}
	c.known.see(created)
	c.saw(created.LiveMode)
	write.end(func(l *list) *list { return l.with(created) })
	return created, nil
}

// createMargin is by how much a clock may be off when a lost create is looked
// for (decided).
const createMargin = 2 * time.Second

// duplicate is the error of a lost create that several webhooks could be.
func (o *operation) duplicate(r *request, matches []*Webhook) *DuplicateError {
	duplicate := &DuplicateError{Err: o.failure(r, &answer{}, nil)}
	duplicate.Err.Reason = "the answer was lost"
	for _, match := range matches {
		duplicate.IDs = append(duplicate.IDs, match.ID)
	}
	return duplicate
}

// likeness is equal for webhooks with one address and the same set of types.
func likeness(address string, types []string) string {
	set := slices.Compact(slices.Sorted(slices.Values(types)))
	return address + " " + strings.Join(set, " ")
}

// GetWebhook returns one webhook. IsNotFound tells a webhook that is not there.
// The webhook may be shared: callers do not change it.
func (c *Client) GetWebhook(ctx context.Context, id string) (*Webhook, error) {
	webhook, listed := c.cache.lookup(id)
	if webhook != nil {
		return webhook, nil
	}
	if listed {
		return c.getWebhook(ctx, id)
	}
	crowd, err := c.cache.gather(ctx, c.config.Clock)
	if err != nil {
		return nil, c.begin("read webhook").ended(ctx, getRequest(id), nil, again)
	}
	if !crowd {
		return c.getWebhook(ctx, id)
	}
	all, err := c.listWebhooks(ctx)
	if err != nil {
		return nil, err
	}
	if webhook := all.get(id); webhook != nil {
		return webhook, nil
	}
	return c.getWebhook(ctx, id)
}

// ListedWebhook returns a webhook as the list that reads share has it, nil when
// there is no list or the webhook is not in it. It asks nothing of the API.
func (c *Client) ListedWebhook(id string) *Webhook {
	webhook, _ := c.cache.lookup(id)
	return webhook
}

func getRequest(id string) *request {
	return &request{method: http.MethodGet, path: webhookPath(id)}
}

// getWebhook asks for one webhook by its id.
func (c *Client) getWebhook(ctx context.Context, id string) (*Webhook, error) {
	var webhook *Webhook
	r := getRequest(id)
	r.decode = func(body []byte) (err error) {
		webhook, err = decodeWebhook(body)
		return err
	}
	if err := c.begin("read webhook").send(ctx, r); err != nil {
		return nil, err
	}
	c.known.see(webhook)
	c.saw(webhook.LiveMode)
	return webhook, nil
}

// ListWebhooks returns every webhook of the key's account and mode.
// The slice is shared: callers do not change it.
func (c *Client) ListWebhooks(ctx context.Context) ([]*Webhook, error) {
	c.cache.announce()
	all, err := c.listWebhooks(ctx)
	if err != nil {
		return nil, err
	}
	return all.webhooks, nil
}

// listWebhooks returns the list that all reads share.
func (c *Client) listWebhooks(ctx context.Context) (*list, error) {
	all, generation := c.cache.whole()
	if all != nil {
		return all, nil
	}
	all, err := c.cache.fetch(ctx, generation, func(ctx context.Context) ([]*Webhook, error) {
		webhooks, _, err := c.begin("list webhooks").list(ctx)
		if err != nil {
			return nil, err
		}
		c.known.see(webhooks...)
		return webhooks, nil
	})
	if err != nil && ctx.Err() != nil {
		return nil, c.begin("list webhooks").ended(ctx, &request{method: http.MethodGet, path: webhooksPath}, nil, again)
	}
	return all, err
}

// list asks for all webhooks, page by page where the API answers in pages. It
// also returns by how much the API's clock is ahead of ours.
func (o *operation) list(ctx context.Context) ([]*Webhook, time.Duration, error) {
	var all []*Webhook
	var skew time.Duration
	seen := make(map[string]struct{})
	isNew := func(w *Webhook) bool {
		_, ok := seen[w.ID]
		return !ok
	}
	for query := ""; ; {
		var p page
		r := &request{method: http.MethodGet, path: webhooksPath, query: query}
		r.decode = func(body []byte) (err error) {
			p, err = decodePage(body)
			if err == nil && p.more && !slices.ContainsFunc(p.webhooks, isNew) {
				err = errors.New("the list says that it goes on, but brings nothing new")
			}
			return err
		}
		if err := o.send(ctx, r); err != nil {
			return nil, 0, err
		}
		skew = r.skew
		for _, webhook := range p.webhooks {
			if isNew(webhook) {
				seen[webhook.ID] = struct{}{}
				all = append(all, webhook)
			}
		}
		if !p.more {
			if len(all) > 0 {
				o.client.saw(all[0].LiveMode)
			}
			return all, skew, nil
		}
		query = "startingAfter=" + url.QueryEscape(all[len(all)-1].ID) + "&limit=100"
	}
}

// UpdateWebhook changes one webhook in one request.
func (c *Client) UpdateWebhook(ctx context.Context, id string, patch WebhookPatch) (*Webhook, error) {
	o := c.begin("update webhook", credentials(patch.Authentication, patch.OAuth)...)
	var updated *Webhook
	r := &request{method: http.MethodPatch, path: webhookPath(id), body: encodePatch(patch)}
	r.decode = func(body []byte) (err error) {
		updated, err = decodeWebhook(body)
		return err
	}
	err := c.change(ctx, o, r, id, func(l *list) *list { return l.with(updated) })
	if err != nil {
		return nil, err
	}
	c.saw(updated.LiveMode)
	return updated, nil
}

// DeleteWebhook deletes one webhook. IsNotFound tells that there is none: a
// delete whose answer was lost has done it, it was gone before, or the key is of
// another mode, which the caller has to tell apart.
func (c *Client) DeleteWebhook(ctx context.Context, id string) error {
	r := &request{method: http.MethodDelete, path: webhookPath(id)}
	return c.change(ctx, c.begin("delete webhook"), r, id, func(l *list) *list { return l.without(id) })
}

// change sends a request that changes one webhook, one at a time (docs).
func (c *Client) change(ctx context.Context, o *operation, r *request, id string, apply func(*list) *list) error {
	release, err := c.changes.acquire(ctx, "webhook "+id)
	if err != nil {
		return o.ended(ctx, r, nil, again)
	}
	defer release()
	write := c.cache.write(id)
	err = o.send(ctx, r)
	if err != nil {
		apply = nil
	}
	write.end(apply)
	return err
}

const webhooksPath = "/webhooks"

// webhookPath is the path of one webhook; ids may hold any character (docs).
func webhookPath(id string) string {
	escaped := url.PathEscape(id)
	if id == "." || id == ".." {
		escaped = strings.ReplaceAll(id, ".", "%2E")
	}
	return webhooksPath + "/" + escaped
}

// credentials are the secrets in a request's body.
func credentials(authentication *Authentication, oauth *OAuth) []string {
	var secrets []string
	if authentication != nil {
		secrets = append(secrets, authentication.Password)
	}
	if oauth != nil {
		secrets = append(secrets, oauth.ClientSecret, oauth.Password)
	}
	return secrets
}
