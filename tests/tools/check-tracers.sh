#!/usr/bin/env bash
# check-tracers.sh PROGRAM TRACER: the program works under strace, which follows its children, and under gdb, which lets
# them go.
set -euo pipefail
program=$1 tracer=$2
case $(basename "$tracer") in
strace) command=("$tracer" -f -o /dev/null "$program") ;;
gdb) command=("$tracer" -nx -q -batch -ex run "$program") ;;
esac
# Where nobody may trace, there is nothing to prove.
tried=$("${command[@]:0:${#command[@]}-1}" /bin/true 2>&1 </dev/null) || true
if [[ $tried == *ptrace*"not permitted"* || $tried == *"Could not trace"* ]]; then
  echo "no process may be traced here: $tried"
  exit 77
fi
if ! output=$("${command[@]}" 2>&1 </dev/null) || ! grep -q "^25$" <<<"$output"; then
  echo "${command[*]}:"
  echo "$output"
  exit 1
fi
