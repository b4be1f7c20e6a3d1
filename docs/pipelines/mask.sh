#!/bin/sh
# Has Veil mask a folder, and waits for the end of the job.
#
#   VEIL=https://veil.example:9090/veil/v1 VEIL_KEY=… mask.sh VIEW SOURCE PATH TARGET PATH NAME
#
# NAME names the request: the same again is the same job. Needs curl and jq.
set -eu
[ $# -eq 6 ] || { echo "usage: mask.sh VIEW SOURCE PATH TARGET PATH NAME" >&2; exit 2; }
call() { curl -sS --fail-with-body --retry 3 -H "X-API-Key: $VEIL_KEY" "$@"; }
request=$(jq -n --arg view "$1" --arg source "$2" --arg from "$3" --arg target "$4" --arg to "$5" \
  '{kind: "mask", view: $view, source: {place: $source, path: $from}, target: {place: $target, path: $to}}')
job=$(call -H 'Content-Type: application/json' -H "Idempotency-Key: \"$6\"" -d "$request" "$VEIL/jobs") || { printf '%s\n' "$job" >&2; exit 1; }
id=$(printf %s "$job" | jq -er .id)
while :; do
  job=$(call "$VEIL/jobs/$id")
  case $(printf %s "$job" | jq -r .state) in
    complete) break ;;
    failed | cancelled) printf '%s\n' "$job" | jq . >&2; exit 1 ;;
  esac
  sleep "${VEIL_POLL:-5}"
done
printf '%s\n' "$job" | jq '{id, progress}'
call "$VEIL/jobs/$id/record" >record.json
