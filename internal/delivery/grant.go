// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package delivery

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
)

// Grant is how Digital River gets the bearer token that it sends to an endpoint
// (RFC 6749).
type Grant struct {
	TokenEndPoint string
	ClientID      string
	ClientSecret  string
	GrantType     string // "password" or "client_credentials"
	UserName      string // With the grant type "password".
	Password      string // With the grant type "password".
	Audience      string // "" for none.
}

// Token requests a token. The timeout is for the whole response. It does not
// follow redirects. The error says what went wrong, without any part of the
// request or the response, where credentials may be.
func (g Grant) Token(ctx context.Context, transport http.RoundTripper, timeout time.Duration) (*oauth2.Token, error) {
	client := &http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	ctx, cancel := context.WithTimeout(context.WithValue(ctx, oauth2.HTTPClient, client), timeout)
	defer cancel()
	token, err := g.config().Token(ctx)
	if err != nil {
		return nil, tokenError(err)
	}
	return token, nil
}

// config serves both grant types: they differ only in parameters.
func (g Grant) config() *clientcredentials.Config {
	parameters := url.Values{"grant_type": {g.GrantType}}
	if g.GrantType == "password" {
		parameters.Set("username", g.UserName)
		parameters.Set("password", g.Password)
	}
	if g.Audience != "" {
		parameters.Set("audience", g.Audience)
	}
	return &clientcredentials.Config{
		ClientID: g.ClientID, ClientSecret: g.ClientSecret, TokenURL: g.TokenEndPoint,
		AuthStyle: oauth2.AuthStyleInHeader, EndpointParams: parameters,
	}
}

func tokenError(err error) error {
	if refused, ok := errors.AsType[*oauth2.RetrieveError](err); ok {
		return fmt.Errorf("the token endpoint responded with status %d", refused.Response.StatusCode)
	}
	if _, ok := errors.AsType[*url.Error](err); ok {
		return fmt.Errorf("the token endpoint cannot be reached: %w", Cause(err))
	}
	return errors.New("the token endpoint's response is not a token")
}
