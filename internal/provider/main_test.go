// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"os"
	"testing"
)

func TestMain(m *testing.M) {
	// No setting of whoever runs the tests reaches the provider.
	for _, name := range []string{envAPIKey, envBaseURL, envAPIVersion} {
		_ = os.Unsetenv(name)
	}
	code := m.Run()
	if dir, err := binaries(); err == nil {
		_ = os.RemoveAll(dir)
	}
	os.Exit(code)
}
