#!/usr/bin/env bash
# Usage: kill_and_resume.sh TROUPE
# Two jobs, one of which takes the other's results, are killed by SIGKILL at random moments, go on with two lines inserted,
# and come to their end: every item has ended exactly once, as the journal shows, and both outputs are complete and in
# order. TROUPE_RESUME_INPUTS says how many inputs there are (300), TROUPE_RESUME_KILLS how often they are killed (3),
# TROUPE_RESUME_SEED makes a run repeatable.
set -euo pipefail
troupe=$1
inputs=${TROUPE_RESUME_INPUTS:-300} kills=${TROUPE_RESUME_KILLS:-3}
RANDOM=${TROUPE_RESUME_SEED:=$RANDOM}
echo "seed $TROUPE_RESUME_SEED"
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
seq "$inputs" >lines
cat >jobs.toml <<'EOF'
[job.first]
command = ["echo", "first"]
input = "lines"
output = "firsts"
[job.second]
command = ["echo", "second"]
input = { job = "first" }
output = "seconds"
EOF
options=(--journal journal)

# So many have ended, at least.
ended() {
  "$troupe" log journal --json 2>/dev/null | grep -c '"final":true' || true
}

for ((kill = 1; kill <= kills; ++kill)); do
  "$troupe" run jobs.toml "${options[@]}" 2>>err &
  pid=$!
  # Somewhere in the part of the items that is this kill's.
  until=$(((kill - 1) * 2 * inputs / (kills + 1) + RANDOM % (2 * inputs / (kills + 1)) + 1))
  while kill -0 $pid 2>/dev/null && [ "$(ended)" -lt "$until" ]; do
    sleep 0.05
  done
  kill -KILL $pid
  wait $pid 2>/dev/null || true
  echo "killed after $(ended) items"
  options=(--journal journal --resume)
  if [ "$kill" = 1 ]; then
    sed -i -e '3i first inserted' -e '$i second inserted' lines
  fi
done
"$troupe" run jobs.toml "${options[@]}" 2>>err
grep -v ' done' err && exit 1

# Each item of each job has one attempt that ended, and none has two.
"$troupe" log journal --json | grep '"final":true' |
  sed 's/\\"//g; s/.*"input":"\([^"]*\)","command":"\([^"]*\)".*/\2 \1/' | sort >journaled
{ sed 's/^/first /' lines; sed 's/^/second first /' lines; } | sort | diff - journaled >differs ||
  { head differs; echo "the journal differs from the inputs"; exit 1; }
{ diff <(sed 's/^/first /' lines) firsts && diff <(sed 's/^/second first /' lines) seconds; } >differs ||
  { head differs; echo "an output is not whole"; exit 1; }
echo "$(wc -l <journaled) items ended once each;" \
  "$("$troupe" log journal --json | grep -c '"outcome":"interrupted"' || true) attempts were interrupted"
