#!/usr/bin/env bash
# Runs every fuzz target of the module for a while, one after the other.
# Usage: fuzz.sh TIME, e.g. fuzz.sh 30s.
set -euo pipefail

time=$1
targets=$(grep -rEo --include='*_test.go' '^func Fuzz[A-Za-z0-9_]*' internal | sed 's/:func /:/' | sort)
[[ -n $targets ]] || { echo 'There is no fuzz target.' >&2; exit 1; }

while IFS=: read -r file name; do
  echo "== $name in $(dirname "$file")"
  go test -run='^$' -fuzz="^$name\$" -fuzztime="$time" "./$(dirname "$file")"
done <<<"$targets"
