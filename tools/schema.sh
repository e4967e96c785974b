#!/usr/bin/env bash
# Prints the provider's schema as JSON.
# Usage: schema.sh CLI DIR, where CLI is terraform or tofu and DIR holds the provider's binary
set -euo pipefail

cli=$1 dir=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The address under which tfplugindocs looks for the provider.
address=registry.terraform.io/hashicorp/digitalriver

cat >"$work/cli.tfrc" <<EOF
disable_checkpoint = true
provider_installation {
  dev_overrides {
    "$address" = "$dir"
  }
}
EOF
cat >"$work/main.tf" <<EOF
terraform {
  required_providers {
    digitalriver = {
      source = "$address"
    }
  }
}
EOF

TF_CLI_CONFIG_FILE=$work/cli.tfrc "$cli" -chdir="$work" providers schema -json
