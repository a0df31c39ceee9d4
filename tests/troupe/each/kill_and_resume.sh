#!/usr/bin/env bash
# Usage: kill_and_resume.sh TROUPE
# A run over many inputs is killed by SIGKILL at random moments, goes on with two lines inserted, and comes to its end:
# every input has ended exactly once, as the journal shows, and every output has been shown. TROUPE_RESUME_INPUTS says how
# many inputs there are (300), TROUPE_RESUME_KILLS how often it is killed (3), TROUPE_RESUME_SEED makes a run repeatable.
set -euo pipefail
troupe=$1
inputs=${TROUPE_RESUME_INPUTS:-300} kills=${TROUPE_RESUME_KILLS:-3}
RANDOM=${TROUPE_RESUME_SEED:=$RANDOM}
echo "seed $TROUPE_RESUME_SEED"
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
seq "$inputs" >lines
journal=$folder/journal
options=(--journal "$journal" -q)

# So many have ended, at least.
ended() {
  wc -l <out
}

: >out
for ((kill = 1; kill <= kills; ++kill)); do
  "$troupe" each "${options[@]}" -a lines -- echo >>out 2>>err &
  pid=$!
  # Somewhere in the part of the inputs that is this kill's.
  until=$(((kill - 1) * inputs / (kills + 1) + RANDOM % (inputs / (kills + 1)) + 1))
  while kill -0 $pid 2>/dev/null && [ "$(ended)" -lt "$until" ]; do
    sleep 0.05
  done
  kill -KILL $pid
  wait $pid 2>/dev/null || true
  echo "killed after $(ended) inputs"
  options=(--journal "$journal" -q --resume)
  if [ "$kill" = 1 ]; then
    sed -i -e '3i first inserted' -e '$i second inserted' lines
  fi
done
"$troupe" each "${options[@]}" -a lines -- echo >>out 2>>err
[ ! -s err ] || { cat err; exit 1; }

# Each line has one attempt that ended, and none has two.
"$troupe" log "$journal" --json | grep '"final":true' | sed 's/.*"input":"\([^"]*\)".*/\1/' | sort >journaled
sort lines | diff - journaled || { echo "the journal differs from the inputs"; exit 1; }
# Every output is there. What was written just before a kill may be there again.
sort -u out | diff <(sort lines) - || { echo "outputs are missing"; exit 1; }
again=$(($(wc -l <out) - $(wc -l <lines)))
echo "$(wc -l <journaled) inputs ended once each; $again outputs were shown a second time;" \
  "$("$troupe" log "$journal" --json | grep -c '"outcome":"interrupted"' || true) attempts were interrupted"
[ ! -e "$journal.spool" ] || { echo "the spool is left"; exit 1; }
