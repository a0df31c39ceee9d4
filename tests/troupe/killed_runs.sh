# For the tests that kill runs and have them go on: sourced, with the command as the only argument. They are in a folder of
# their own with the file `lines`. TROUPE_RESUME_INPUTS says how many lines there are (300), TROUPE_RESUME_KILLS how often a
# run is killed (3), TROUPE_RESUME_SEED makes it repeatable.
set -euo pipefail
troupe=$(realpath "$1")
inputs=${TROUPE_RESUME_INPUTS:-300} kills=${TROUPE_RESUME_KILLS:-3}
RANDOM=${TROUPE_RESUME_SEED:=$RANDOM}
echo "seed $TROUPE_RESUME_SEED"
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
seq "$inputs" >lines

# Has `begin OPTIONS...`, which becomes the run, killed at random moments, and two lines inserted after the first time; then
# it runs to its end. `ended` says how many of its ITEMS have ended, at least.
kill_and_resume() { # ITEMS
  local items=$1 part kill pid until pause status killed=0
  local options=(--journal journal)
  part=$((items / (kills + 1)))
  pause=$(awk "BEGIN { print 0.05 + $items / 100000 }") # between looks, which cost more where there are more items
  for ((kill = 1; kill <= kills; ++kill)); do
    begin "${options[@]}" &
    pid=$!
    # Somewhere in the part of the items that is this kill's; one number is too small for many.
    until=$(((kill - 1) * part + (RANDOM * 32768 + RANDOM) % part + 1))
    while kill -0 $pid 2>/dev/null && [ "$(ended)" -lt "$until" ]; do
      sleep "$pause"
    done
    kill -KILL $pid 2>/dev/null || true # it may have come to its end
    status=0
    wait $pid 2>/dev/null || status=$?
    [ "$status" != 137 ] || killed=$((killed + 1))
    echo "killed after $(ended) of $items"
    options=(--journal journal --resume)
    if [ "$kill" = 1 ]; then
      sed -i -e '3i first inserted' -e '$i second inserted' lines
    fi
  done
  [ "$killed" -gt 0 ] || { echo "all runs had ended before they could be killed"; exit 1; }
  (begin "${options[@]}")
}

interrupted() {
  "$troupe" log journal --json | grep -c '"outcome":"interrupted"' || true
}
