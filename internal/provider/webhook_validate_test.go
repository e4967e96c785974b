package provider

import (
	"strings"
	"testing"
)

// TestAccWebhook_badInput checks that `terraform validate` refuses a
// configuration with one error, on the attribute that is wrong.
func TestAccWebhook_badInput(t *testing.T) {
	const (
		address = "address = \"https://example.com\"\n"
		types   = "types = [\"order.accepted\"]\n"
		oauth   = "token_endpoint = \"https://example.com/t\"\nclient_id = \"i\"\n"
	)
	w := newWorkspace(t)
	for name, test := range map[string]struct{ body, code, want string }{
		"no types":                 {address, `resource "digitalriver_webhook" "test"`, `"types" is required`},
		"empty types":              {address + "types = []", "types = []", "at least one event type"},
		"no dotted name":           {address + "types = [\n\"order.accepted\",\n\"order\",\n]", `"order",`, `element 1 is "order"`},
		"type with a space":        {address + "types = [\n\"order.accepted \",\n]", `"order.accepted ",`, "joined by dots"},
		"duplicate type":           {address + "types = [\n\"order.accepted\",\n\"order.blocked\",\n\"order.accepted\", # again\n]", `"order.accepted", # again`, "elements 0 and 2"},
		"address without scheme":   {types + `address = "example.com/webhooks"`, `address = "example.com/webhooks"`, "absolute http or https URL"},
		"address without host":     {types + `address = "https:///webhooks"`, `address = "https:///webhooks"`, "with a host"},
		"address of ftp":           {types + `address = "ftp://example.com"`, `address = "ftp://example.com"`, "absolute http or https URL"},
		"address of a bare word":   {types + `address = "webhooks"`, `address = "webhooks"`, "absolute http or https URL"},
		"no address":               {types, `resource "digitalriver_webhook" "test"`, `"address" is required`},
		"authentication and OAUTH": {address + types + "transport_type = \"OAUTH\"\nauthentication = { username = \"u\", password = \"p\" }\noauth = {\n" + oauth + "client_secret = \"s\"\n}", `authentication = { username`, `transport_type "HTTP"`},
		"oauth and HTTP":           {address + types + "transport_type = \"HTTP\"\noauth = {\n" + oauth + "client_secret = \"s\"\n}", "oauth = {", `transport_type "OAUTH"`},
		"both objects":             {address + types + "authentication = { username = \"u\", password = \"p\" }\noauth = {\n" + oauth + "client_secret = \"s\"\n}", `authentication = { username`, "Remove one"},
		"OAUTH without oauth":      {address + types + `transport_type = "OAUTH"`, `resource "digitalriver_webhook" "test"`, "needs oauth"},
		"oauth without secret":     {address + types + "oauth = {\n" + oauth + "}", "oauth = {", "client_secret_wo"},
		"oauth without endpoint":   {address + types + "oauth = { client_id = \"i\", client_secret = \"s\" }", "oauth = {", `"token_endpoint" is required`},
		"http token endpoint":      {address + types + "oauth = {\ntoken_endpoint = \"http://example.com/t\"\nclient_id = \"i\"\nclient_secret = \"s\"\n}", `token_endpoint = "http://example.com/t"`, "http for loopback hosts only"},
		"user name of a client":    {address + types + "oauth = {\n" + oauth + "client_secret = \"s\"\ngrant_type = \"client_credentials\"\nusername = \"u\"\n}", `username = "u"`, `grant_type "password"`},
		"password of a client":     {address + types + "oauth = {\n" + oauth + "client_secret = \"s\"\ngrant_type = \"client_credentials\"\npassword = \"p\"\n}", `password = "p"`, `grant_type "password"`},
		"unknown grant":            {address + types + "oauth = {\n" + oauth + "client_secret = \"s\"\ngrant_type = \"implicit\"\n}", `grant_type = "implicit"`, "client_credentials"},
		"no password":              {address + types + "authentication = {\nusername = \"u\"\n}", "authentication = {", "password_wo_version"},
		"two passwords":            {address + types + "authentication = {\nusername = \"u\"\npassword = \"p\"\npassword_wo = \"q\"\npassword_wo_version = 1\n}", `password_wo = "q"`, "exclude each other"},
		"write-only, no version":   {address + types + "authentication = {\nusername = \"u\"\npassword_wo = \"q\"\n}", `password_wo = "q"`, "password_wo_version"},
		"version of a plain one":   {address + types + "authentication = {\nusername = \"u\"\npassword = \"p\"\npassword_wo_version = 1\n}", "password_wo_version = 1", "not with authentication.password"},
		"no such date":             {address + types + `api_version = "2021-13-45"`, `api_version = "2021-13-45"`, `"default", "latest" or a date`},
		"lower case transport":     {address + types + `transport_type = "http"`, `transport_type = "http"`, "HTTP"},
	} {
		t.Run(name, func(t *testing.T) {
			w.t = t
			w.write("main.tf", webhookConfig(test.body))
			found := w.validate()
			if len(found) != 1 || found[0].Severity != "error" {
				t.Fatalf("want one error: %v", found)
			}
			said := strings.Join(strings.Fields(found[0].Detail), " ")
			if !strings.Contains(said, test.want) {
				t.Errorf("want %q in: %s", test.want, found[0])
			}
			if found[0].Snippet == nil || !strings.Contains(found[0].Snippet.Code, test.code) {
				t.Errorf("want it at %q: %s", test.code, found[0])
			}
		})
	}
}

func TestAccProvider_badInput(t *testing.T) {
	w := newWorkspace(t)
	for name, test := range map[string]struct{ argument, want string }{
		"http of another host": {`base_url = "http://example.com"`, "https"},
		"no URL":               {`base_url = "api.digitalriver.com"`, "https"},
		"no date":              {`api_version = "latest"`, "YYYY-MM-DD"},
		"no duration":          {`request_timeout = "soon"`, "30s"},
		"negative duration":    {`request_timeout = "-1s"`, "above zero"},
		"negative retries":     {`max_retries = -1`, "between 0 and"},
		"no rate":              {`requests_per_second = 0`, "at least"},
	} {
		t.Run(name, func(t *testing.T) {
			w.t = t
			w.write("main.tf", "provider \"digitalriver\" {\n"+test.argument+"\n}\n"+basicWebhook)
			found := w.validate()
			if len(found) != 1 || found[0].Severity != "error" || !strings.Contains(found[0].Detail, test.want) {
				t.Fatalf("want one error with %q: %v", test.want, found)
			}
			if found[0].Snippet == nil || !strings.Contains(found[0].Snippet.Code, test.argument) {
				t.Errorf("want it at %q: %s", test.argument, found[0])
			}
		})
	}
}
