#!/usr/bin/env bash
# Copyright The terraform-provider-digitalriver authors
# SPDX-License-Identifier: MPL-2.0

# Prints the section of CHANGELOG.md about VERSION, and fails if there is none.
# Usage: release-notes.sh VERSION, such as release-notes.sh v1.2.0
set -euo pipefail
cd "$(dirname "$0")/.."

version=${1#v}
notes=$(awk -v version="$version" '/^## / { found = $2 == version; next } found' CHANGELOG.md)
if [[ ! $notes ]]; then
  echo "CHANGELOG.md has no section \"## $version\", or an empty one: write it, and tag the commit that has it." >&2
  exit 1
fi
echo "$notes"
