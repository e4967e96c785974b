#!/usr/bin/env bash
# Runs govulncheck. A finding fails; a database that cannot be reached is said and does not.
set -uo pipefail

output=$(go tool -modfile=tools/go.mod govulncheck ./... 2>&1)
status=$?
echo "$output"

if ((status == 1)) && grep -q 'fetching vulnerabilities: .*vuln\.go\.dev' <<<"$output"; then
  echo 'NOT SCANNED for vulnerabilities: the database https://vuln.go.dev could not be reached.'
  exit 0
fi
exit "$status"
