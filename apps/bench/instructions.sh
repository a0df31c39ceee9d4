#!/usr/bin/env bash
# What the hot paths cost: instructions of a task in user mode, of the parent and of the child, counted by valgrind's
# callgrind; each must be at most so many percent more than instructions.txt has as that says.
#   apps/bench/instructions.sh HOT_PATHS            compare; the exit status is 1 if a path has become dearer
#   apps/bench/instructions.sh HOT_PATHS --record   write instructions.txt anew
# HOT_PATHS is the program troupe-hot-paths in the build folder of the release preset.
#
# A path runs with N and with 2 N tasks, and the difference is divided by N: the start and the end of the processes
# cancel. Everything runs on one CPU, where troupe does not spin before it sleeps: turns of such a loop would be
# counted too. How many tasks are dealt with in one turn of a loop remains a matter of when the kernel lets whom run,
# and a turn of the parent's loop costs some 3000 instructions. So the processes are of SCHED_BATCH, which interrupts
# less, valgrind hands its lock round in order, and the least of some runs is taken. The batches of the map have a fixed
# size, since by default they are sized by time. What is left on a busy machine, between two runs of this script: 5 %
# for single tasks, 15 % for the map of integers, which under valgrind meets the time limits of a batch. So a round
# trip may cost 10 % more than recorded, a task among many 20 %, an item of the map 30 %. Record twice, and keep the higher.
set -euo pipefail
hot_paths=$1
mode=${2:-compare}
recorded=$(dirname "$0")/instructions.txt
paths=(roundtrip:1000 apply:10000 map:30000) # with N
declare -A margins=([roundtrip]=10 [apply]=20 [map]=30) # in percent
runs=3

for tool in valgrind taskset chrt; do
  command -v "$tool" >/dev/null || { echo "instructions.sh: skipped: $tool is not installed"; exit 77; }
done
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cpu=$(taskset -cp $$ | sed 's/.*: //; s/[-,].*//')

count_once() { # count_once PATH TASKS RUN: the instructions of parent and child, in one line
  local out=$dir/$1.$2.$3 parent child
  mkdir "$out"
  if ! chrt --batch 0 taskset -c "$cpu" valgrind --tool=callgrind --trace-children=yes --fair-sched=yes \
    --callgrind-out-file="$out/%p" "$hot_paths" "$1" "$2" >"$out/pids" 2>"$out/log"; then
    cat "$out/log" >&2
    echo "instructions.sh: $hot_paths $1 $2 failed under valgrind" >&2
    return 1
  fi
  read -r _ parent _ child < <(tail -n 1 "$out/pids")
  echo "$(sed -n 's/^totals: *//p' "$out/$parent") $(sed -n 's/^totals: *//p' "$out/$child")"
}

count() { # count PATH TASKS: the least of some runs, the parent's and the child's in a line each
  local run
  for run in $(seq "$runs"); do
    count_once "$1" "$2" "$run"
  done >"$dir/$1.$2"
  for side in 1 2; do
    cut -d ' ' -f "$side" "$dir/$1.$2" | sort -n | head -n 1
  done
}

measure() { # one line for each side of each path: PATH SIDE INSTRUCTIONS
  local path name tasks once twice
  for path in "${paths[@]}"; do
    name=${path%:*} tasks=${path#*:}
    once=$(count "$name" "$tasks")
    twice=$(count "$name" $((2 * tasks)))
    paste -d ' ' <(printf '%s\n' parent child) <(echo "$once") <(echo "$twice") |
      awk -v name="$name" -v tasks="$tasks" -v more="${margins[$name]}" \
        '{printf "%s %s %.0f %d\n", name, $1, ($3 - $2) / tasks, more}'
  done
}

measure >"$dir/measured"
if [ "$mode" = --record ]; then
  { grep '^#' "$recorded" || true; cat "$dir/measured"; } >"$dir/new"
  cp "$dir/new" "$recorded"
  cat "$recorded"
  exit
fi
awk '
  /^#/ {next}
  NR == FNR {known[$1 " " $2] = $3; most[$1 " " $2] = $3 * (1 + $4 / 100); next}
  {
    before = known[$1 " " $2]
    if (!before) {
      print $1 " (" $2 ") has no recorded count: record with --record"
      failed = 1
      next
    }
    printf "%-10s %-7s %8d instructions a task, recorded %8d: %+.1f %%\n", $1, $2, $3, before, 100 * ($3 / before - 1)
    if ($3 > most[$1 " " $2]) dearer = dearer " " $1 " (" $2 ")"
  }
  END {
    if (dearer != "") {
      print "These cost more than recorded, and more than the margin:" dearer "."
      print "Find out why: callgrind_annotate shows where. If it is worth it, record anew, and say so in the commit:"
      print "  apps/bench/instructions.sh build/release/apps/bench/troupe-hot-paths --record"
      failed = 1
    }
    exit failed
  }' "$recorded" "$dir/measured"
