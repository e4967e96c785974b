#!/usr/bin/env bash
# Copyright The terraform-provider-digitalriver authors
# SPDX-License-Identifier: MPL-2.0

# Looks for known vulnerabilities in the code that the module in the working directory calls, and in its binary as a
# release builds it. Fails on a finding, and if a scan fails.
# Usage: vulncheck.sh [DIR], where DIR is a copy of the database https://vuln.go.dev, as golang/vulndb writes it
#
# Without DIR and without a connection to the database, it says so and succeeds. On GitHub Actions, where the database
# can be reached, that is a failure too.
set -euo pipefail

tools=$(cd "$(dirname "$0")" && pwd)
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

database=()
if [[ ${1-} ]]; then
  [[ -s $1/index/db.json ]] || { echo "$1 has no index/db.json: it is not a vulnerability database." >&2; exit 1; }
  database=(-db "file://$(cd "$1" && pwd)")
fi

# scan WHAT ARGUMENTS... runs govulncheck. Before bash 4.4, as on macOS, an array without elements counts as unset.
scan() {
  local what=$1 output status=0
  shift
  echo "== $what"
  output=$(go tool -modfile="$tools/go.mod" govulncheck ${database[@]+"${database[@]}"} "$@" 2>&1) || status=$?
  echo "$output"
  ((status == 0)) && return
  if grep -q 'fetching vulnerabilities: Get "https://vuln\.go\.dev' <<<"$output" && [[ ! ${GITHUB_ACTIONS-} ]]; then
    echo 'NOT SCANNED for vulnerabilities: there is no connection to https://vuln.go.dev. Use VULNDB=DIR.' >&2
    exit 0
  fi
  exit 1
}

scan 'The code' ./...
# The release's binary, but with its symbols: without them, govulncheck reports functions that the binary lacks.
CGO_ENABLED=0 go build -trimpath -o "$dir/binary" .
scan "The binary, built with $(go env GOVERSION)" -mode=binary "$dir/binary"
