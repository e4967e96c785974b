// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package redact

import "testing"

func TestURL(t *testing.T) {
	for raw, want := range map[string]string{
		"https://shop.example.com":                               "https://shop.example.com",
		"https://shop.example.com:8443/in":                       "https://shop.example.com:8443/in",
		"https://user:hidden@shop.example.com/in":                "https://shop.example.com/in",
		"https://hidden@shop.example.com/in?token=hidden#hidden": "https://shop.example.com/in",
		"https://shop.example.com/in?":                           "https://shop.example.com/in",
		"https://us%65r:hid%2fden@[::1]:80/a%2fb":                "https://[::1]:80/a%2fb",
		"//user:hidden@shop.example.com/in":                      "//shop.example.com/in",
		"https://shop.example.com/@shop":                         "https://shop.example.com/@shop",
		"/in?token=hidden":                                       "/in",
		"shop.example.com/in?token=hidden":                       "shop.example.com/in",
		"localhost:8080/in?token=hidden":                         "localhost:8080/in",
		"user:hidden@shop.example.com/in":                        "(invalid URL)",
		"https://user:hid/den@shop.example.com/in":               "(invalid URL)",
		"https://user:hid?den@shop.example.com/in":               "(invalid URL)",
		"https://user:hid den@shop.example.com/in":               "(invalid URL)",
		"https://shop example.com/in?token=hidden":               "https://shop example.com/in",
		"": "",
	} {
		if got := URL(raw); got != want {
			t.Errorf("URL(%q) = %q, want %q", raw, got, want)
		}
	}
}

func TestControl(t *testing.T) {
	const text = "größe\t5\r\n\x1b[2J\u202e\xff"
	if got, want := Control(text), "größe\t5\\r\n\\x1b[2J\\u202e�"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
