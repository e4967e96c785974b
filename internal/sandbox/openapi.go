// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package sandbox

import _ "embed"

// OpenAPI is the OpenAPI 3.1 document of the API, in YAML. It does not describe
// the control endpoints.
//
//go:embed openapi.yaml
var OpenAPI []byte
