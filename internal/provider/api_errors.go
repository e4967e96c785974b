package provider

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/digitalriver"
)

// addAPIError adds what the user is to know of a failed API call: one
// diagnostic per fault, on the attribute that the fault's parameter names.
// object says which one it was about, such as `webhook "177ef997"`.
func addAPIError(diags *diag.Diagnostics, object string, err error) {
	var duplicate *digitalriver.DuplicateError
	var limit *digitalriver.SecretLimitError
	var apiError *digitalriver.Error
	switch {
	case errors.As(err, &duplicate):
		addDuplicateError(diags, duplicate)
	case errors.As(err, &limit):
		addSecretLimitError(diags, object, limit)
	case errors.As(err, &apiError):
		addStatusError(diags, object, apiError)
	default:
		diags.AddError("API request failed", capitalized(fmt.Sprintf("%s: %s", object, sentence(err))))
	}
}

func addStatusError(diags *diag.Diagnostics, object string, err *digitalriver.Error) {
	summary := fmt.Sprintf("Could not %s", err.Operation)
	if err.Status == http.StatusBadRequest && len(err.Faults) > 0 {
		for _, fault := range err.Faults {
			detail := fmt.Sprintf("The API refused %s: %s\n\n%s", object, faultText(fault), trace(err))
			if attribute, ok := attributeOf(fault.Parameter); ok {
				diags.AddAttributeError(attribute, summary, detail)
			} else {
				diags.AddError(summary, detail)
			}
		}
		return
	}
	detail := capitalized(fmt.Sprintf("%s: %s", object, sentence(err)))
	if advice := adviceFor(err); advice != "" {
		detail += "\n\n" + advice
	}
	diags.AddError(summary, detail)
}

// trace says which request it was, for Digital River's support.
func trace(err *digitalriver.Error) string {
	return fmt.Sprintf("%s %s answered %d (upstream-id %s).", err.Method, err.Path, err.Status, err.UpstreamID)
}

func faultText(fault digitalriver.Fault) string {
	text := fault.Message
	if text == "" {
		text = fault.Code
	}
	if fault.Parameter != "" {
		text = fault.Parameter + ": " + text
	}
	if text == "" {
		text = "it gave no reason"
	}
	if !strings.HasSuffix(text, ".") {
		text += "."
	}
	return text
}

func adviceFor(err *digitalriver.Error) string {
	switch {
	case errors.Is(err, context.Canceled):
		return "Terraform was interrupted. What was done so far is in state; apply again to go on."
	case err.Status == http.StatusUnauthorized:
		return "The API key is wrong or was revoked. Check the provider argument api_key or " + envAPIKey + "."
	case err.Status == http.StatusForbidden:
		return "The API key may not do this; a restricted key needs the permission for webhooks. State is unchanged."
	case digitalriver.IsNotFound(err):
		return "It does not exist in the account and mode of this API key."
	case err.Status == http.StatusConflict:
		return "Something else is changing it at the same time. Apply again."
	case err.Status == http.StatusTooManyRequests || err.Status == 0 && err.RetryAfter > 0:
		return "The account's request limit is used up. Apply again later, or lower requests_per_second if others use the same key."
	case err.Status >= 500 || err.Status == http.StatusRequestTimeout:
		return "The API has a passing fault. Apply again later; what was done so far is in state."
	case err.Status == 0:
		return "No answer came. Check base_url, the network and proxy settings, then apply again."
	case len(err.Faults) == 0:
		return "This is no answer of the Webhooks API. Check base_url, and what stands between here and there, such as a proxy; then apply again."
	}
	return ""
}

func addDuplicateError(diags *diag.Diagnostics, err *digitalriver.DuplicateError) {
	diags.AddError("Could not tell which webhook was created",
		fmt.Sprintf("The answer to the create was lost, and %d new webhooks have its address and types: %s. "+
			"State is unchanged. Adopt the right one and delete the others:\n\n    terraform import ADDRESS %s\n\n%s",
			len(err.IDs), strings.Join(err.IDs, ", "), err.IDs[0], sentence(err.Err)))
}

func addSecretLimitError(diags *diag.Diagnostics, object string, err *digitalriver.SecretLimitError) {
	next := "None of them expires by itself; block the older ones with a rotation in Digital River's dashboard."
	if err.NextExpiry != nil {
		next = fmt.Sprintf("The next one expires at %s; apply again after that.", err.NextExpiry.UTC().Format(time.RFC3339))
	}
	diags.AddError("Too many active signing secrets",
		capitalized(fmt.Sprintf("%s has %d active signing secrets, the most that Digital River allows. No secret was made. %s "+
			"If the older ones may stop working at once, previous_secret_valid_hours = 0 makes room. "+
			"A shorter previous_secret_valid_hours keeps fewer secrets active at a time.\n\n%s",
			object, digitalriver.MaxActiveSecrets, next, sentence(err.Err))))
}

// attributeOf translates a parameter of the API into the attribute that holds
// it, such as oauth.tokenEndPoint into oauth.token_endpoint.
func attributeOf(parameter string) (path.Path, bool) {
	name, member, nested := strings.Cut(parameter, ".")
	name, _, _ = strings.Cut(name, "[")
	attribute, ok := map[string]string{
		"types": "types", "address": "address", "enabled": "enabled", "apiVersion": "api_version",
		"transportType": "transport_type", "authentication": "authentication", "oauth": "oauth",
	}[name]
	if !ok {
		return path.Empty(), false
	}
	at := path.Root(attribute)
	if !nested {
		return at, true
	}
	inner, ok := map[string]string{
		"userName": "username", "username": "username", "password": "password", "tokenEndPoint": "token_endpoint",
		"clientID": "client_id", "clientSecret": "client_secret", "grantType": "grant_type", "audience": "audience",
	}[member]
	if !ok {
		return at, true
	}
	return located(at.AtName(inner)), true
}
