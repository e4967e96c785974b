// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/digitalriver"
)

// apiDiagnostics explains a failed API call to the user: one diagnostic per
// fault, on the attribute that the fault names. object says what the call was
// about, such as `webhook "177ef997"`.
func apiDiagnostics(object string, err error) diag.Diagnostics {
	var uncertain *digitalriver.UncertainError
	var limit *digitalriver.SecretLimitError
	var unavailable *digitalriver.SecretsUnavailableError
	var apiError *digitalriver.Error
	switch {
	case errors.As(err, &uncertain):
		return diag.Diagnostics{diag.NewErrorDiagnostic(uncertainText(object, uncertain))}
	case errors.As(err, &unavailable):
		return diag.Diagnostics{diag.NewErrorDiagnostic(secretsUnavailableText(unavailable))}
	case errors.As(err, &limit):
		return secretLimitDiagnostics(object, limit)
	case errors.As(err, &apiError) && apiError.Status == http.StatusBadRequest && len(apiError.Faults) > 0:
		return faultDiagnostics(object, apiError)
	case errors.As(err, &apiError):
		detail := capitalized(fmt.Sprintf("%s: %s", object, sentence(err)))
		if advice := adviceFor(apiError); advice != "" {
			detail += "\n\n" + advice
		}
		return diag.Diagnostics{diag.NewErrorDiagnostic("Could not "+apiError.Operation, detail)}
	default:
		detail := capitalized(fmt.Sprintf("%s: %s", object, sentence(err)))
		return diag.Diagnostics{diag.NewErrorDiagnostic("API request failed", detail)}
	}
}

func faultDiagnostics(object string, err *digitalriver.Error) diag.Diagnostics {
	var diags diag.Diagnostics
	summary := "Could not " + err.Operation
	// Digital River's support asks for the ID of the request.
	request := fmt.Sprintf("%s %s returned %d (upstream-id %s", err.Method, err.Path, err.Status, err.UpstreamID)
	if err.RequestID != "" {
		request += ", x-dr-requestid " + err.RequestID
	}
	request += ")."
	for _, fault := range err.Faults {
		detail := fmt.Sprintf("The API rejected the request for %s: %s\n\n%s", object, faultText(fault), request)
		if attribute, ok := attributeOf(fault.Parameter); ok {
			diags.AddAttributeError(attribute, summary, detail)
		} else {
			diags.AddError(summary, detail)
		}
	}
	return diags
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

// adviceFor says what to do about an error, "" if the error itself does.
func adviceFor(err *digitalriver.Error) string {
	switch {
	case errors.Is(err, context.Canceled):
		return "Terraform was interrupted. Completed changes are in state; apply again to continue."
	case err.Status == http.StatusUnauthorized:
		return "The API key is wrong or was revoked. Check the provider argument api_key or " + envAPIKey + "."
	case err.Status == http.StatusForbidden:
		return "The API key may not do this; a restricted key needs the permission for webhooks. State is unchanged."
	case digitalriver.IsNotFound(err):
		return "It does not exist in the account and mode of this API key."
	case err.Status == http.StatusConflict:
		return "Something else is changing it at the same time. Apply again."
	case err.Status == http.StatusTooManyRequests || err.Status == 0 && err.RetryAfter > 0:
		return "The account's request limit is used up. Apply again later, or lower requests_per_second if others use " +
			"the same key."
	case err.Status >= 500 || err.Status == http.StatusRequestTimeout:
		return "The API has a transient failure. Apply again later; completed changes are in state."
	case isLoopbackDial(err):
		return "Nothing listens at that address of this machine. If it is the sandbox's, start the sandbox and try " +
			"again:\n\n    terraform-provider-digitalriver sandbox"
	case err.Status == 0:
		return "There was no response. Check base_url, the network and proxy settings, then apply again."
	case len(err.Faults) == 0:
		return "The response did not come from the Webhooks API. Check base_url and anything in between, such as a " +
			"proxy; then apply again."
	}
	return ""
}

// isLoopbackDial reports whether the connection to a server on this machine failed.
func isLoopbackDial(err error) bool {
	var opError *net.OpError
	if !errors.As(err, &opError) || opError.Op != "dial" {
		return false
	}
	address, ok := opError.Addr.(*net.TCPAddr)
	return ok && address.IP.IsLoopback()
}

// uncertainText is the diagnostic for a create or rotation of which it is not
// known whether, or how often, it was carried out.
func uncertainText(object string, err *digitalriver.UncertainError) (summary, detail string) {
	detail = capitalized(fmt.Sprintf("%s: %s", object, sentence(err)))
	if len(err.IDs) > 0 && err.Err.Operation == "create webhook" {
		detail += "\n\nTo manage an existing webhook, import it:\n\n    terraform import ADDRESS " + err.IDs[0]
	}
	return "Outcome of the request is not known", detail
}

// secretsUnavailableText is the diagnostic for an API that does not offer the
// signing secrets of a webhook to the key. No public document describes these
// requests.
func secretsUnavailableText(err *digitalriver.SecretsUnavailableError) (summary, detail string) {
	return "Signing secrets are not available", capitalized(fmt.Sprintf("%s exists, but the API returned %d for its "+
		"signing secrets: it does not offer them to this API key. If the key is restricted, check its permissions. State "+
		"is unchanged. Without these requests, rotate the secret in Digital River's dashboard instead: open the webhook, "+
		"reveal the signing secret and choose Rotate secret.\n\n%s",
		webhookName(err.WebhookID), err.Status, sentence(err)))
}

func secretLimitDiagnostics(object string, err *digitalriver.SecretLimitError) diag.Diagnostics {
	next := "None of them is set to expire; block the older ones with a rotation in Digital River's dashboard."
	if err.NextExpiry != nil {
		next = fmt.Sprintf("The next one expires at %s; apply again after that.", err.NextExpiry.UTC().Format(time.RFC3339))
	}
	return diag.Diagnostics{diag.NewErrorDiagnostic("Too many active signing secrets",
		capitalized(fmt.Sprintf("%s has %d active signing secrets, the most that Digital River allows. No secret was "+
			"created. %s If the older ones may stop working at once, set previous_secret_valid_hours = 0. A lower "+
			"previous_secret_valid_hours keeps fewer secrets active at a time.\n\n%s",
			object, digitalriver.MaxActiveSecrets, next, sentence(err.Err))))}
}
