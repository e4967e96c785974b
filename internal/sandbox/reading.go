// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package sandbox

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/delivery"
	"github.com/digitalriver/terraform-provider-digitalriver/internal/sandbox/readings"
)

// reading is how a sandbox reads the public sources where they are silent or
// disagree. Everything that depends on it is here.
type reading struct{ readings.Set }

// userNames returns the members of authentication that have the user name.
func (r reading) userNames() []string {
	switch {
	case r.Has(readings.UserNameLowerCase):
		return []string{"username"}
	case r.Has(readings.UserNameCamelCase):
		return []string{"userName"}
	}
	return []string{"username", "userName"}
}

// grantTypes returns the values of oauth.grantType.
func (r reading) grantTypes() []string {
	if r.Has(readings.OAuthExtrasUnknown) {
		return []string{"password"}
	}
	return []string{"password", "client_credentials"}
}

// refused returns the problems for which a request is refused.
func (r reading) refused(p problems) problems {
	if !r.Has(readings.UnknownMembersDropped) {
		return p
	}
	return slices.DeleteFunc(p, func(one problem) bool {
		return one.Code == codeUnknown || one.Code == codeMissing && one.Parameter == "authentication."+r.userNames()[0]
	})
}

// webhookView is a webhook as the API returns it. It replaces some members of a
// webhook.
type webhookView struct {
	webhook
	LiveMode       *bool             `json:"liveMode,omitempty"`
	Authentication map[string]string `json:"authentication,omitempty"`
	OAuth          *oauthView        `json:"oauth,omitempty"`
}

type oauthView struct {
	oauth
	ClientSecret string `json:"clientSecret,omitempty"`
	Password     string `json:"password,omitempty"`
}

// view encodes a webhook as the API returns it.
func (r reading) view(w webhook) []byte {
	w.Address = r.address(w.Address)
	w.APIVersion = r.apiVersion(w.APIVersion)
	v := webhookView{webhook: w}
	if r.Has(readings.LiveModePresent) {
		v.LiveMode = &w.LiveMode
	}
	if a := w.Authentication; a != nil {
		v.Authentication = map[string]string{}
		if a.UserName != "" {
			for _, name := range r.userNames() {
				v.Authentication[name] = a.UserName
			}
		}
		if password := r.credential(a.Password); password != "" {
			v.Authentication["password"] = password
		}
	}
	if o := w.OAuth; o != nil {
		v.OAuth = &oauthView{*o, r.credential(o.ClientSecret), r.credential(o.Password)}
	}
	return encode(v)
}

// credential returns what a response has in place of a credential. Empty: it is
// left out.
func (r reading) credential(value string) string {
	switch {
	case value == "" || r.Has(readings.CredentialsAbsent):
		return ""
	case r.Has(readings.CredentialsMasked):
		return "********"
	}
	return value
}

func (r reading) apiVersion(sent string) string {
	switch {
	case sent == "latest" && !r.Has(readings.APIVersionAsSent),
		sent == "default" && r.Has(readings.APIVersionDefaultDated):
		return delivery.Version
	}
	return sent
}

func (r reading) address(sent string) string {
	u, err := url.Parse(sent)
	if err != nil || r.Has(readings.AddressAsSent) {
		return sent
	}
	u.Host = strings.ToLower(u.Host)
	u.Host = strings.TrimSuffix(u.Host, map[string]string{"http": ":80", "https": ":443"}[u.Scheme])
	switch {
	case r.Has(readings.AddressSlashDropped):
		u.Path, u.RawPath = strings.TrimSuffix(u.Path, "/"), strings.TrimSuffix(u.RawPath, "/")
	case u.Path == "":
		u.Path = "/"
	}
	return u.String()
}

// listForm is the form of the list of webhooks.
type listForm struct {
	oldestFirst bool
	maximum     int  // The number of webhooks without the parameter limit. 0: all.
	cursor      bool // Whether it has the parameters startingAfter and limit.
	page        bool // Whether it is an object with data and hasMore.
}

func (r reading) listForm() listForm {
	switch {
	case r.Has(readings.ListNewest100):
		return listForm{maximum: maxLimit}
	case r.Has(readings.ListOldest100):
		return listForm{maximum: maxLimit, oldestFirst: true}
	case r.Has(readings.ListCursor):
		return listForm{maximum: maxLimit, cursor: true}
	case r.Has(readings.ListPage):
		return listForm{maximum: defaultLimit, cursor: true, page: true}
	}
	return listForm{}
}

// offersSecrets returns an error if the API has no operations on signing secrets.
func (r reading) offersSecrets(c call) error {
	switch {
	case r.Has(readings.SecretsNotFound):
		return nothingAt(c.path)
	case r.Has(readings.SecretsNotAllowed):
		return route{}.methodNotAllowed(c.method)
	case r.Has(readings.SecretsForbidden):
		return newError(http.StatusForbidden, "forbidden", "No API key may use signing secrets.")
	}
	return nil
}

// signing returns the secrets to sign an event with, in the order of the
// signatures. The active secrets are newest first.
func (r reading) signing(active []secret) []string {
	var secrets []string
	for _, s := range active {
		secrets = append(secrets, s.Secret)
	}
	switch {
	case r.Has(readings.SignaturesOldestFirst):
		slices.Reverse(secrets)
	case r.Has(readings.SignaturesNewestOnly):
		secrets = secrets[:min(len(secrets), 1)]
	}
	return secrets
}

// testRetries returns the times of the retries in test mode after the first
// attempt. Digital River documents only how many there are.
func (r reading) testRetries() []time.Duration {
	times := []time.Duration{10 * time.Minute, time.Hour, 3 * time.Hour}
	if r.Has(readings.TestRetriesFour) {
		times = append(times, 6*time.Hour)
	}
	return times
}

// response returns what the client gets in place of a response.
func (r reading) response(original response) response {
	switch {
	case original.status < 400 || r.Has(readings.ErrorsDocumented):
	case r.Has(readings.ErrorsEmpty):
		original.contentType, original.body = "", nil
	case r.Has(readings.ErrorsHTML):
		page := htmlResponse(original.status)
		original.contentType, original.body = page.contentType, page.body
	}
	return original
}

// listReadings lists all readings, and which of them this sandbox serves.
func (s *Sandbox) listReadings(call) (response, error) {
	type entry struct {
		Name        string `json:"name"`
		Axis        string `json:"axis"`
		Description string `json:"description"`
		Source      string `json:"source"`
		Default     bool   `json:"default"`
		Active      bool   `json:"active"`
	}
	var list []entry
	for _, one := range readings.All() {
		list = append(list,
			entry{one.Name, one.Axis(), one.Description, one.Source, one.Default, s.reading.Has(one.Name)})
	}
	return jsonResponse(http.StatusOK, encode(list)), nil
}
