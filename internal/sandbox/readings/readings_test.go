// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package readings

import (
	"strings"
	"testing"
)

func TestChoose(t *testing.T) {
	tests := []struct {
		name   string
		chosen []string
		has    []string
		err    string // What the error contains. Empty: none.
	}{
		{"defaults", nil, []string{UserNameBoth, ListAll, ErrorsDocumented}, ""},
		{"one", []string{ListPage}, []string{UserNameBoth, ListPage, ErrorsDocumented}, ""},
		{"two axes", []string{ListPage, ErrorsHTML}, []string{ListPage, ErrorsHTML}, ""},
		{"a default", []string{ListAll}, []string{ListAll}, ""},
		{"the same twice", []string{ListPage, ListPage}, []string{ListPage}, ""},
		{"two of one axis", []string{ListPage, ErrorsHTML, ListAll}, nil, `"list=page" and "list=all" exclude each other: ` +
			"want only one of list=all, list=newest-100, list=oldest-100, list=cursor, list=page"},
		{"unknown value", []string{"test-retries=two"}, nil,
			`unknown reading "test-retries=two": want one of test-retries=three, test-retries=four`},
		{"unknown axis", []string{"x"}, nil, "want one of user-name=both, "},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s, err := Choose(test.chosen...)
			if test.err != "" {
				if err == nil || !strings.Contains(err.Error(), test.err) {
					t.Errorf("error %v; want %q", err, test.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if len(s.names) != 12 {
				t.Errorf("%v", s.names)
			}
			for _, name := range test.has {
				if !s.Has(name) {
					t.Errorf("%v does not have %s", s.names, name)
				}
			}
		})
	}
}

// TestTable shows that each axis has one default, and that names are unique.
func TestTable(t *testing.T) {
	defaults, names := map[string]int{}, map[string]bool{}
	for _, r := range All() {
		if r.Default {
			defaults[r.Axis()]++
		} else {
			defaults[r.Axis()] += 0
		}
		if names[r.Name] || !strings.Contains(r.Name, "=") || r.Description == "" || r.Source == "" {
			t.Errorf("%+v", r)
		}
		names[r.Name] = true
	}
	for axis, n := range defaults {
		if n != 1 {
			t.Errorf("%s has %d defaults", axis, n)
		}
	}
}
