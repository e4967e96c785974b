#!/usr/bin/env bash
# Copyright The terraform-provider-digitalriver authors
# SPDX-License-Identifier: MPL-2.0

# Installs the provider in a directory with the layout of a filesystem mirror, and prints the version.
# Usage: install.sh BINARY DIR NAMESPACE/TYPE VERSION
#
# Lock files have the checksums of what was installed, so an installed version never changes: if the highest one is
# VERSION or above, and another build, this build gets the version after it. The others stay, for directories whose
# lock file has them.
set -euo pipefail

binary=$1 dir=$2 address=$3 version=$4
name=$(basename "$binary")
platform=$(go env GOOS)_$(go env GOARCH)
hosts=(registry.terraform.io registry.opentofu.org)

# installed VERSION prints the path of an installed version, for the first host.
installed() { echo "$dir/${hosts[0]}/$address/$1/$platform/${name}_v$1"; }

# highest prints the highest of the versions on standard input.
highest() { sort -t. -k1,1n -k2,2n -k3,3n | tail -n 1; }

last=
for path in "$dir/${hosts[0]}/$address"/*; do
  if [[ -d $path ]]; then
    last=$(printf '%s\n' "$last" "${path##*/}" | highest)
  fi
done
if [[ -n $last ]] && cmp -s "$binary" "$(installed "$last")"; then
  version=$last
elif [[ -n $last && $(printf '%s\n' "$last" "$version" | highest) == "$last" ]]; then
  version=${last%.*}.$((${last##*.} + 1))
fi
for host in "${hosts[@]}"; do
  into=$dir/$host/$address/$version/$platform
  mkdir -p "$into"
  install "$binary" "$into/${name}_v$version" # Unlike cp, also if the same build is installed and running.
done
echo "$version"
