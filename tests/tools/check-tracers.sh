#!/usr/bin/env bash
# check-tracers.sh PROGRAM TRACER: the program works under strace, which follows its children, and under gdb, which lets
# them go.
set -euo pipefail
program=$1 tracer=$2
case $(basename "$tracer") in
strace) command=("$tracer" -f -o /dev/null "$program") ;;
gdb) command=("$tracer" -nx -q -batch -ex run "$program") ;;
esac
if ! output=$("${command[@]}" 2>&1 </dev/null) || ! grep -q "^25$" <<<"$output"; then
  echo "${command[*]}:"
  echo "$output"
  exit 1
fi
