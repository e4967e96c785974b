#!/usr/bin/env bash
# Takes a webhook through its life with Terraform or OpenTofu, against a sandbox
# on this machine. `make demo` runs it.
# Usage: run.sh CLI PROVIDER. TF_CLI_CONFIG_FILE must name a mirror that holds PROVIDER.
set -euo pipefail

cli=$1 provider=$2
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
sandbox_pid='' receiver_pid=''

export DIGITALRIVER_API_KEY=sk_test_sandbox
unset TF_CLI_ARGS TF_DATA_DIR TF_LOG TF_PLUGIN_CACHE_DIR TF_WORKSPACE "${!TF_CLI_ARGS_@}" "${!TF_VAR_@}"
export TF_CLI_ARGS=-no-color TF_IN_AUTOMATION=1 TF_INPUT=0

# step TEXT prints a heading.
step() { printf '\n== %s\n' "$*"; }

# say TEXT prints a line of the story.
say() { printf '   %s\n' "$*"; }

# fail REASON ends the demo with an error.
fail() {
  printf '\nThe demo failed: %s\n' "$*" >&2
  exit 1
}

clean_up() {
  stop_sandbox || true
  stop_receiver
  rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

start_sandbox() {
  : >"$work/sandbox.out"
  "$provider" sandbox -listen 127.0.0.1:0 -data "$work/sandbox.db" >"$work/sandbox.out" 2>"$work/sandbox.log" &
  sandbox_pid=$!
  for _ in {1..100}; do
    DIGITALRIVER_BASE_URL=$(sed -n 's/^Webhooks API sandbox: //p' "$work/sandbox.out")
    if [[ -n $DIGITALRIVER_BASE_URL ]]; then
      export DIGITALRIVER_BASE_URL
      return
    fi
    kill -0 "$sandbox_pid" 2>/dev/null || break
    sleep 0.1
  done
  fail "the sandbox did not start: $(cat "$work/sandbox.log")"
}

stop_sandbox() {
  [[ -n $sandbox_pid ]] || return 0
  local pid=$sandbox_pid
  kill "$pid" 2>/dev/null
  sandbox_pid=
  wait "$pid"
}

# start_receiver starts the receiver with a secret that signs nothing: the real one comes with the webhook.
start_receiver() {
  (umask 077 && echo none >"$work/secret")
  go -C "$here/../.." build -o "$work/receiver" ./examples/receiver
  : >"$work/receiver.out"
  "$work/receiver" -listen 127.0.0.1:0 -secret-file "$work/secret" >"$work/receiver.out" 2>&1 &
  receiver_pid=$!
  receiver_says '^Receiver: '
}

stop_receiver() {
  [[ -n $receiver_pid ]] || return 0
  kill "$receiver_pid" 2>/dev/null || true
  wait "$receiver_pid" || true
  receiver_pid=
}

# receiver_says PATTERN waits until the receiver prints a line that matches PATTERN.
receiver_says() {
  for _ in {1..100}; do
    grep -q -e "$1" "$work/receiver.out" && return
    sleep 0.1
  done
  fail "the receiver printed no line that matches $1: $(cat "$work/receiver.out")"
}

# tf DIR WANTED ARGUMENT... runs the CLI in DIR, writes its output to
# $work/output, and fails unless it exits with status WANTED.
tf() {
  local dir=$1 wanted=$2 status=0
  shift 2
  say "\$ $(basename "$cli") $*"
  "$cli" -chdir="$dir" "$@" >"$work/output" 2>&1 || status=$?
  if ((status != wanted)); then
    cat "$work/output" >&2
    fail "$(basename "$cli") $* exited with status $status, want $wanted"
  fi
}

# show PATTERN prints the lines of the last output that match PATTERN, and fails if there are none.
show() {
  grep -E -e "$1" "$work/output" | sed 's/^/   | /' || fail "no line of the output matches $1: $(cat "$work/output")"
}

# plan_is_empty DIR fails unless a plan in DIR has no changes.
plan_is_empty() {
  tf "$1" 0 plan -detailed-exitcode
  show '^No changes'
}

# api METHOD PATH [BODY] sends a request to the sandbox without Terraform, and prints the response.
api() {
  local host=${DIGITALRIVER_BASE_URL#http://} body=${3:-}
  exec 3<>"/dev/tcp/${host%:*}/${host##*:}"
  printf '%s %s HTTP/1.0\r\nHost: %s\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s' \
    "$1" "$2" "$host" "$DIGITALRIVER_API_KEY" "${#body}" "$body" >&3
  cat <&3
  exec 3>&-
}

# api_returns STATUS METHOD PATH [BODY] fails unless the response has STATUS. It leaves the response in $response.
api_returns() {
  local status=$1
  shift
  response=$(api "$@")
  [[ $response == HTTP/1.?\ "$status"* ]] || fail "$1 $2 did not return $status: $response"
}

create() {
  step 'Create: apply examples/demo'
  mkdir "$work/first"
  cp "$here/main.tf" "$work/first"
  tf "$work/first" 0 init
  tf "$work/first" 0 apply -auto-approve
  show '^Apply complete|^webhook_id'
  webhook_id=$("$cli" -chdir="$work/first" output -raw webhook_id)
  say 'Nothing has changed since, so the next plan is empty:'
  plan_is_empty "$work/first"
}

drift() {
  step 'Drift: someone disables the webhook outside Terraform'
  say "PATCH /webhooks/$webhook_id {\"enabled\": false}"
  api_returns 200 PATCH "/webhooks/$webhook_id" '{"enabled": false}'
  say 'The next plan detects it:'
  tf "$work/first" 2 plan -detailed-exitcode
  show '^ +[~+-] [a-z_]+ +=|^Plan:'
  say 'The next apply corrects it:'
  tf "$work/first" 0 apply -auto-approve
  show '^Apply complete'
  plan_is_empty "$work/first"
}

import() {
  step 'Import: a second state adopts the same webhook by its id'
  mkdir "$work/second"
  cp "$here/main.tf" "$work/second"
  tf "$work/second" 0 init
  tf "$work/second" 0 import digitalriver_webhook.orders "$webhook_id"
  show '^Import successful'
  say 'Its plan is empty too:'
  plan_is_empty "$work/second"
}

# secret_id_and_time prints the id and the time of the newest signing secret, from state.
secret_id_and_time() {
  printf '%s of %s' "$("$cli" -chdir="$work/first" output -raw secret_id)" "$("$cli" -chdir="$work/first" output -raw rotated_at)"
}

rotate() {
  step 'Rotate: a new signing secret; the previous one works for another day'
  cp "$here/rotation.tf" "$work/first"
  tf "$work/first" 0 apply -auto-approve
  local before
  before=$(secret_id_and_time)
  say "Before: secret $before"
  tf "$work/first" 0 apply -auto-approve -var rotation=2
  show '^Apply complete'
  [[ $(secret_id_and_time) != "$before" ]] || fail 'the secret did not change'
  say "After:  secret $(secret_id_and_time)"
  export TF_VAR_rotation=2
  plan_is_empty "$work/first"
}

deliver() {
  step 'Deliver: an event reaches an endpoint, which verifies its signature'
  start_receiver
  TF_VAR_address=$(sed -n 's/^Receiver: //p' "$work/receiver.out")
  export TF_VAR_address
  say "examples/receiver runs at $TF_VAR_address. The webhook gets this address:"
  tf "$work/first" 0 apply -auto-approve
  show '^Apply complete'
  api_returns 200 GET "/webhooks/$webhook_id/secrets"
  [[ $response =~ \"secret\":\"(whk_[^\"]+)\" ]] || fail 'the webhook has no signing secret'
  (umask 077 && printf '%s\n' "${BASH_REMATCH[1]}" >"$work/secret")
  say 'The receiver now has the newest signing secret.'
  say "\$ $(basename "$provider") trigger order.accepted"
  "$provider" trigger order.accepted >"$work/output" 2>&1 || fail "the event was not acknowledged: $(cat "$work/output" "$work/receiver.out")"
  show ' acknowledged '
  receiver_says '^received order.accepted '
  say "The receiver: $(grep '^received' "$work/receiver.out")"
  stop_receiver
}

adopt() {
  step 'Adopt: two webhooks that someone made by hand get into a configuration'
  local type body
  for type in order.blocked refund.failed; do
    body="{\"address\": \"https://shop.example.com/by-hand/${type%.*}s\", \"types\": [\"$type\"]}"
    say "POST /webhooks $body"
    api_returns 201 POST /webhooks "$body"
  done
  say "\$ $(basename "$provider") adopt -address-prefix https://shop.example.com/by-hand/"
  "$provider" adopt -address-prefix https://shop.example.com/by-hand/ -out "$work/adopted" >"$work/output" 2>&1 ||
    fail "nothing was adopted: $(cat "$work/output")"
  cat "$work/adopted/webhooks.tf" >"$work/output"
  show '.'
  tf "$work/adopted" 0 init
  tf "$work/adopted" 0 apply -auto-approve
  show '^Plan: 2 to import, 0 to add, 0 to change, 0 to destroy|^Apply complete'
  plan_is_empty "$work/adopted"
}

destroy() {
  step 'Delete: destroy what was created'
  local dir
  for dir in first adopted; do
    tf "$work/$dir" 0 destroy -auto-approve
    show '^Destroy complete'
  done
  api_returns 200 GET /webhooks
  [[ ${response##*$'\r\n\r\n'} =~ ^\[[[:space:]]*\][[:space:]]*$ ]] || fail "the sandbox still has webhooks: $response"
  say 'The sandbox has no webhooks left.'
}

step "Start a Webhooks API on this machine: $(basename "$provider") sandbox"
start_sandbox
say "It listens at $DIGITALRIVER_BASE_URL. The CLI is $("$cli" version | head -n 1)."
create
drift
import
rotate
deliver
adopt
destroy
stop_sandbox || fail "the sandbox exited with an error: $(cat "$work/sandbox.log")"

printf '\nThe demo succeeded. No process is left running, and no files are left behind.\n'
