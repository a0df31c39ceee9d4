#!/usr/bin/env bash
# Usage: foreign_proc.sh TROUPE
# Where /proc has the numbers of another namespace of processes, or none at all, what a command leaves behind could not be
# told from the processes of others: verbs that run commands say so, and run nothing.
set -euo pipefail
troupe=$(realpath "$1")
apart=(unshare)
[ "$(id -u)" = 0 ] || apart+=(--user --map-root-user)
if ! "${apart[@]}" --mount --pid --fork true 2>/dev/null; then
  echo "skipped: there are no namespaces to be had"
  exit 0
fi
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
printf '[job.all]\ncommand = ["touch", "ran"]\ninput = { values = ["1"] }\n' >jobs.toml

expect() { # TEXT COMMAND...: it says that, and exits with 5
  local text=$1 status=0
  shift
  "$@" >said 2>&1 || status=$?
  if [ "$status" != 5 ] || ! grep -qF "$text" said || [ -e ran ]; then
    echo "exit code $status instead of 5, or not \"$text\": $*"
    cat said
    exit 1
  fi
}

for verb in "each -- touch ran ::: 1" "run jobs.toml" "test /bin/true"; do
  # shellcheck disable=SC2086 # words of a command line
  {
    expect "/proc is that of another namespace of processes" "${apart[@]}" --pid --fork "$troupe" $verb
    grep -q __asan_init "$troupe" || # which needs it itself, also for its options
      expect "/proc is needed, and cannot be read" \
        "${apart[@]}" --mount sh -c 'mount -t tmpfs none /proc && exec "$@"' sh "$troupe" $verb
  }
done
"${apart[@]}" --pid --fork "$troupe" check >said
grep -q "^# /proc: /proc is that of another namespace" said || { echo "check does not say it"; cat said; exit 1; }
