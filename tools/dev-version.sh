#!/usr/bin/env bash
# Copyright The terraform-provider-digitalriver authors
# SPDX-License-Identifier: MPL-2.0

# Prints the version of a development build of the git repository in the current directory: above the latest
# release, higher with each commit, and without a pre-release part, which terraform init does not select by itself.
set -euo pipefail

release=$(git describe --tags --abbrev=0 --match 'v[0-9]*' --exclude '*-*' 2>/dev/null || true)
commits=$(git rev-list --count "${release:+$release..}HEAD" 2>/dev/null || echo 0)
IFS=. read -r major minor patch <<<"${release#v}"
echo "${major:-0}.${minor:-0}.$((${patch:-0} + 1 + commits))"
