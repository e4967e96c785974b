// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package signature

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const (
	secret      = "whk_ddca9378-9475-40b8-aa8a-b526d42dbc2e"
	otherSecret = "whk_00000000-0000-4000-8000-000000000000"
	timestamp   = "1700000000"
	body        = `{"id":"1"}`

	// Made with openssl, as all signatures of these tests:
	//
	//	printf '%s' '1700000000.{"id":"1"}' | openssl dgst -sha256 -hmac "$SECRET" -binary | base64
	signed      = "jMBwCgJ3C2HQQxjlCJFDWXikN0dXqAJxmDxMl9PwhwE="
	otherSigned = "0Ko0DOLKSxYzPtFElwJhKr/as6Kn7/LyMCB0EGPTkos="
)

var at = time.Unix(1700000000, 0)

func TestSign(t *testing.T) {
	tests := []struct {
		name, secret, timestamp, body, want string
	}{
		{"body", secret, timestamp, body, signed},
		{"other secret", otherSecret, timestamp, body, otherSigned},
		{"other timestamp", secret, "1700000001", body, "3A2foqdXX+lS9KNN7C9LpX28VJrzcg+BIzc9yiYnuEU="},
		{"empty body", secret, timestamp, "", "RE0rr1maaRCk4e9V+zw2uLZzH4jJ9JEMhODpsL46E8k="},
		// printf '1700000000.{"name": "Zo\xc3\xab \xff"}\n' | openssl …
		{"bytes that are not UTF-8", secret, timestamp, "{\"name\": \"Zo\xc3\xab \xff\"}\n",
			"Qhq++akVprQ3J4PcTuK5Iy9L+UxPM+8R4Tqo5IbvEMw="},
		// … -hmac "$(printf 'a%.0s' $(seq 100))"
		{"secret longer than a block", strings.Repeat("a", 100), timestamp, body,
			"bqD863xjUJWP/luyit90BcTbodBHpAtS1Lu+uyh1zSM="},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := Sign(test.secret, test.timestamp, []byte(test.body)); got != test.want {
				t.Errorf("Sign() = %s, want %s", got, test.want)
			}
		})
	}
}

func TestHeader(t *testing.T) {
	if got, want := Header(at, []byte(body), secret), timestamp+", "+signed; got != want {
		t.Errorf("Header() = %q, want %q", got, want)
	}
	both := timestamp + ", " + otherSigned + ", " + signed
	if got := Header(at, []byte(body), otherSecret, secret); got != both {
		t.Errorf("Header() = %q, want %q", got, both)
	}
}

func TestParse(t *testing.T) {
	one := Fields{Timestamp: timestamp, Time: at.UTC(), Signatures: []string{signed}}
	two := Fields{Timestamp: timestamp, Time: at.UTC(), Signatures: []string{otherSigned, signed}}
	padded := Fields{Timestamp: "01700000000", Time: at.UTC(), Signatures: []string{signed}}
	tests := []struct {
		name, header string
		want         Fields
		problem      string // Part of the error.
	}{
		{"one signature", timestamp + ", " + signed, one, ""},
		{"two signatures", timestamp + ", " + otherSigned + ", " + signed, two, ""},
		{"no space", timestamp + "," + signed, one, ""},
		{"more space", " " + timestamp + " ,\t" + signed + " ", one, ""},
		{"timestamp kept as sent", "01700000000, " + signed, padded, ""},
		{"empty", "", Fields{}, "not a timestamp"},
		{"no signature", timestamp, Fields{}, "no signature"},
		{"not a timestamp", signed, Fields{}, "not a timestamp"},
		{"timestamp last", signed + ", " + timestamp, Fields{}, "not a timestamp"},
		{"negative timestamp", "-1, " + signed, Fields{}, "not a timestamp"},
		{"timestamp with sign", "+1, " + signed, Fields{}, "not a timestamp"},
		{"timestamp as date", "2023-11-14T22:13:20Z, " + signed, Fields{}, "not a timestamp"},
		{"timestamp too large", "9223372036854775808, " + signed, Fields{}, "not a timestamp"},
		{"empty signature", timestamp + ", ", Fields{}, "signature 1"},
		{"trailing comma", timestamp + ", " + signed + ",", Fields{}, "signature 2"},
		{"hexadecimal", timestamp + ", 8cc0700a02770b61d04318e50891435978a4374757a80271983c4c97d3f08701",
			Fields{}, "signature 1"},
		{"short signature", timestamp + ", jMBwCgI=", Fields{}, "signature 1"},
		{"unpadded", timestamp + ", " + strings.TrimSuffix(signed, "="), Fields{}, "signature 1"},
		{"line break inside", timestamp + ", " + signed[:20] + "\n" + signed[20:], Fields{}, "signature 1"},
		{"padding bits set", timestamp + ", " + strings.TrimSuffix(signed, "E=") + "F=", Fields{}, "signature 1"},
		{"separated by semicolon", timestamp + "; " + signed, Fields{}, "not a timestamp"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := Parse(test.header)
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
			if test.problem == "" {
				if err != nil {
					t.Error(err)
				}
			} else if !errors.Is(err, ErrMalformedHeader) || !strings.Contains(err.Error(), test.problem) {
				t.Errorf("error is %v, want one with %q", err, test.problem)
			}
		})
	}
}

func TestVerify(t *testing.T) {
	header := timestamp + ", " + otherSigned + ", " + signed
	tests := []struct {
		name, header, secret, body string
		now                        time.Time
		want                       error
	}{
		{"first signature", header, otherSecret, body, at, nil},
		{"last signature", header, secret, body, at, nil},
		{"as late as accepted", header, secret, body, at.Add(5 * time.Minute), nil},
		{"as early as accepted", header, secret, body, at.Add(-5 * time.Minute), nil},
		{"too late", header, secret, body, at.Add(5*time.Minute + 1), ErrOutsideTolerance},
		{"too early", header, secret, body, at.Add(-5*time.Minute - 1), ErrOutsideTolerance},
		{"unknown secret", header, "whk_unknown", body, at, ErrNoSecretMatches},
		{"empty secret", header, "", body, at, ErrNoSecretMatches},
		{"changed body", header, secret, body + "\n", at, ErrNoSecretMatches},
		{"changed timestamp", "1700000001, " + signed, secret, body, at, ErrNoSecretMatches},
		{"timestamp in another form", "01700000000, " + signed, secret, body, at, ErrNoSecretMatches},
		{"old and with an unknown secret", header, "whk_unknown", body, at.Add(time.Hour), ErrNoSecretMatches},
		{"malformed", signed, secret, body, at, ErrMalformedHeader},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			err := Verify(test.header, test.secret, []byte(test.body), test.now, 5*time.Minute)
			if !errors.Is(err, test.want) {
				t.Errorf("Verify() = %v, want %v", err, test.want)
			}
			if err != nil && strings.Contains(err.Error(), signed) {
				t.Errorf("the error shows a signature: %v", err)
			}
		})
	}
}

func FuzzHeader(f *testing.F) {
	f.Add(timestamp + ", " + signed)
	f.Fuzz(func(t *testing.T, header string) {
		fields, err := Parse(header)
		if err != nil {
			if !errors.Is(err, ErrMalformedHeader) {
				t.Fatalf("unexpected kind of error: %v", err)
			}
			return
		}
		again, err := Parse(fields.Timestamp + ", " + strings.Join(fields.Signatures, ", "))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(fields, again); diff != "" {
			t.Fatal(diff)
		}
		want := ErrNoSecretMatches
		genuine := Sign(secret, fields.Timestamp, []byte(body))
		for _, s := range fields.Signatures {
			if s == genuine {
				want = nil
			}
		}
		if err := Verify(header, secret, []byte(body), fields.Time, 0); !errors.Is(err, want) {
			t.Fatalf("Verify(%q) = %v, want %v", header, err, want)
		}
	})
}
