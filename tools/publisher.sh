#!/usr/bin/env bash
# Copyright The terraform-provider-digitalriver authors
# SPDX-License-Identifier: MPL-2.0

# The publisher is the GitHub user or organization that owns the repository. Registries require that the source address
# begins with it, so that it determines the module path and the source address:
#
#   github.com/<owner>/terraform-provider-digitalriver
#   <owner>/digitalriver
#   @<owner>/maintainers, who review changes
#
# The line `module` of go.mod says who it is. Without an argument, this checks that every other file agrees with that
# line. With OWNER, it makes OWNER the publisher in every file.
# Usage: publisher.sh [OWNER]
set -euo pipefail
cd "$(dirname "$0")/.."

owner=$(sed -n 's#^module github\.com/\(.*\)/terraform-provider-digitalriver$#\1#p' go.mod)
name='[A-Za-z0-9-]+'

if [[ ${1-} ]]; then
  [[ $1 =~ ^$name$ ]] || { echo "$1 is not the name of a GitHub user or organization." >&2; exit 1; }
  git ls-files -z | xargs -0 perl -pi -e "
    s{(?<![\w-])\Q$owner\E/(?=(terraform-provider-)?digitalriver\b|maintainers\b)}{$1/}g;"
  exit
fi

# mentions OWNER prints a regular expression for what names an owner.
mentions() {
  echo "github(usercontent)?\.com/$1/terraform-provider-digitalriver|@$1/maintainers|(source += \"|registry\.(terraform\.io|opentofu\.org)/(providers/)?)$1/digitalriver"
}

# Without a source address, Terraform assumes hashicorp; the generator of the docs does too.
others=$(git grep -InE "$(mentions "$name")" | grep -vE "$(mentions "($owner|hashicorp)")" || true)
if [[ $others ]]; then
  printf 'go.mod says that %s is the publisher. These lines name another one:\n%s\n' "$owner" "$others" >&2
  exit 1
fi
