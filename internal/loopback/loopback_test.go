// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package loopback

import "testing"

func TestHost(t *testing.T) {
	for name, want := range map[string]bool{
		"localhost":              true,
		"LocalHost":              true,
		"127.0.0.1":              true,
		"127.255.255.254":        true,
		"::1":                    true,
		"0:0:0:0:0:0:0:1":        true,
		"::ffff:127.0.0.1":       true,
		"":                       false,
		"localhost.":             false,
		"localhost.example.com":  false,
		"localhost.localdomain":  false,
		"127.0.0.1.example.com":  false,
		"127.1":                  false,
		"2130706433":             false,
		"0.0.0.0":                false,
		"::":                     false,
		"128.0.0.1":              false,
		"::ffff:128.0.0.1":       false,
		"[::1]":                  false,
		"127.0.0.1:80":           false,
		"shop.example.com":       false,
		"localhost\u00ad":        false,
		"\uff4cocalhost":         false,
		"loca\u017fhost":         false, // strings.EqualFold folds the long s to s.
		"host.docker.internal":   false,
		"ip6-localhost":          false,
		"169.254.0.1":            false,
		"fe80::1":                false,
		"::ffff:0:127.0.0.1":     false,
		"127.0.0.1%lo":           false,
		"0x7f.0.0.1":             false,
		"0177.0.0.1":             false,
		"127.000.000.001":        false,
		" localhost":             false,
		"user@localhost":         false,
		"localhost/path":         false,
		"localhost:8080":         false,
		"subdomain.localhost":    false,
		"localhost.localhost":    false,
		"LOCALHOST.EXAMPLE.COM":  false,
		"::1.example.com":        false,
		"::2":                    false,
		"0:0:0:0:0:ffff:7f00:1":  true,
		"0:0:0:0:0:ffff:7fff:01": true,
	} {
		if got := Host(name); got != want {
			t.Errorf("Host(%q) = %t, want %t", name, got, want)
		}
	}
}
