#!/usr/bin/env bash
# Usage: watch_cost.sh TROUPE MODULE:TASK [PAIRS [SECONDS]]
# What it costs a run that it is watched: a `troupe each --task` without end is watched by an open dashboard, and not, in
# turns of SECONDS (2), PAIRS (9) times. In each turn it is measured how much the run writes, and the CPU time that it and
# its children take for that, which others that are busy on the machine change less. Prints each pair, the medians, and how
# busy the machine was; then what one look costs a run that is idle. A measurement, and no test.
set -euo pipefail
troupe=$(realpath "$1") task=$2 pairs=${3:-9} seconds=${4:-2}
folder=$(mktemp -d)
yes='' each='' top='' reader=''
clean() {
  for pid in $reader $top $each $yes; do kill "$pid" 2>/dev/null || true; done
  wait 2>/dev/null || true
  rm -rf "$folder"
}
trap clean EXIT
mkfifo "$folder/address"

mkfifo "$folder/lines"
yes 'a line of text' >"$folder/lines" &
yes=$!
"$troupe" each --task "$task" -a "$folder/lines" >/dev/null &
each=$!
until "$troupe" top --once "$each" >/dev/null 2>&1; do sleep 0.1; done
"$troupe" top "$each" --dashboard >"$folder/address" &
top=$!
read -r address <"$folder/address"
port=${address#http://127.0.0.1:} port=${port%%/*} token=${address##*=}

written() {
  awk '$1 == "wchar:" { print $2 }' "/proc/$each/io"
}
# Of the run and its children, in nanoseconds.
cpu_time() {
  cat "/proc/$each"/task/*/schedstat $(pgrep -P "$each" | sed 's|.*|/proc/&/schedstat|') |
    awk '{ time += $1 } END { printf "%.0f\n", time }'
}
# Megabytes a second of one turn, and milliseconds of CPU time for each.
turn() {
  local bytes from cpu
  sleep 0.3 # what the turn before has left comes to its end
  bytes=$(written) cpu=$(cpu_time) from=$EPOCHREALTIME
  sleep "$seconds"
  echo "$bytes $(written) $from $EPOCHREALTIME $cpu $(cpu_time)" |
    awk '{ mb = ($2 - $1) / 1e6; printf "%.3f %.3f\n", mb / ($4 - $3), ($6 - $5) / 1e6 / mb }'
}
watch() {
  exec 3<>"/dev/tcp/127.0.0.1/$port"
  printf 'GET /events?token=%s HTTP/1.1\r\nHost: 127.0.0.1:%s\r\n\r\n' "$token" "$port" >&3
  cat <&3 >>"$folder/events" &
  reader=$!
  exec 3>&-
}
unwatch() {
  kill "$reader"
  wait "$reader" 2>/dev/null || true
  reader=''
}

turn >/dev/null # until it is warm
for ((pair = 1; pair <= pairs; ++pair)); do
  alone=$(turn)
  watch
  watched=$(turn)
  unwatch
  echo "$alone $watched" | tee -a "$folder/pairs" | awk '{
    printf "alone %7.2f MB/s, %6.2f ms/MB   watched %7.2f MB/s, %6.2f ms/MB   %+.1f %%, %+.1f %%\n",
      $1, $2, $3, $4, 100 * ($3 - $1) / $1, 100 * ($4 - $2) / $2 }'
done
[ "$(grep -c '^data:' "$folder/events")" -ge "$pairs" ] || { echo "it was not watched"; exit 1; }
median() { # EXPRESSION
  awk "{ print $1 }" "$folder/pairs" | sort -g | sed -n "$(((pairs + 1) / 2))p"
}
echo "$(median '$1') $(median '$2') $(median '$3') $(median '$4')" | awk '{
  printf "medians: alone %.2f MB/s, %.2f ms/MB; watched %.2f MB/s, %.2f ms/MB\n", $1, $2, $3, $4 }'
echo "$(median '100 * ($3 - $1) / $1') $(median '100 * ($4 - $2) / $2')" | awk '{
  printf "medians of the differences of pairs: %+.1f %% of throughput, %+.1f %% of CPU time\n", $1, $2 }'

# One look by itself, at a run that has nothing to do. A dashboard takes one in a second, so 1 ms of it is 0.1 %.
kill -STOP "$yes"
before=-1
until [ "$(written)" = "$before" ]; do before=$(written); sleep 0.5; done
looks=100
idle=$(cpu_time)
sleep 2
from=$(cpu_time)
for ((look = 0; look < looks; ++look)); do "$troupe" top --once --json "$each" >"$folder/look"; done
echo "$from $(cpu_time) $idle $looks" | awk '{
  printf "one look: %.2f ms of CPU time of the run (idle: %.2f ms in 2 s)\n", ($2 - $1) / 1e6 / $4, ($1 - $3) / 1e6 }'
kill -CONT "$yes"
echo "load: $(cut -d' ' -f1-3 /proc/loadavg), CPUs: $(nproc)"
