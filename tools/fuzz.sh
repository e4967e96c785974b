#!/usr/bin/env bash
# Copyright The terraform-provider-digitalriver authors
# SPDX-License-Identifier: MPL-2.0

# Runs each fuzz target of the module for TIME, one after another.
# Usage: fuzz.sh TIME, such as fuzz.sh 30s
set -euo pipefail

time=$1
targets=$(grep -rEo --include='*_test.go' '^func Fuzz[A-Za-z0-9_]*' internal | sed 's/:func /:/' | sort)
[[ -n $targets ]] || { echo 'No fuzz target found in internal/.' >&2; exit 1; }

while IFS=: read -r file name; do
  echo "== $name in $(dirname "$file")"
  go test -run='^$' -fuzz="^$name\$" -fuzztime="$time" "./$(dirname "$file")"
done <<<"$targets"
