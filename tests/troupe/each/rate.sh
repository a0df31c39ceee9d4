#!/usr/bin/env bash
# Usage: rate.sh TROUPE [COUNT]
# The rates of `true` by troupe each, xargs and GNU parallel, turn and turn about, three rounds. COUNT: 10000.
set -euo pipefail
troupe=$1 count=${2:-10000} share=${3:-10}
seq "$count" >"${TMPDIR:-/tmp}/rate-inputs.$$"
inputs=${TMPDIR:-/tmp}/rate-inputs.$$
trap 'rm -f "$inputs"' EXIT
measure() {
  local name=$1 number=$2 begin end
  shift 2
  begin=$(date +%s.%N)
  head -n "$number" "$inputs" | "$@" >/dev/null
  end=$(date +%s.%N)
  awk -v n="$number" -v t="$(echo "$end - $begin" | bc)" -v name="$name" \
    'BEGIN { printf "%-10s %8.0f/s  (%d in %.1f s)\n", name, n / t, n, t }'
}
for round in 1 2 3; do
  echo "round $round, load $(cut -d' ' -f1-3 /proc/loadavg)"
  measure troupe "$count" "$troupe" each -j2 -q -- true
  measure xargs "$count" xargs -P2 -n1 true
  # It is so slow that a part of the inputs will do.
  ! command -v parallel >/dev/null || measure parallel $((count / share)) parallel -j2 true
done
