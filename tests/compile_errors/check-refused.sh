#!/usr/bin/env bash
# check-refused.sh COMPILER INCLUDE SOURCE: the compiler refuses each line of SOURCE that says
# "refused: REASON", for that reason, and no other line.
set -uo pipefail
output=$("$1" -std=c++20 -fsyntax-only -fmax-errors=0 -I"$2" "$3" 2>&1)
# The compiler says where a template was asked for before it says what is wrong with it.
reasons=$(printf '%s\n' "$output" | awk -v source="$(basename "$3")" '
  match($0, source ":[0-9]+:") {
    line = substr($0, RSTART + length(source) + 1)
    sub(/:.*/, "", line)
  }
  /error: static assertion failed: / { print line ": " $0 }')
failures=0
refused=0
while IFS=: read -r line text; do
  wanted=${text##*refused: }
  refused=$((refused + 1))
  if ! grep -q "^$line: .*$wanted" <<<"$reasons"; then
    echo "line $line is not refused because of: $wanted"
    failures=$((failures + 1))
  fi
done < <(grep -n "// refused: " "$3")
while IFS= read -r line; do
  sed -n "${line}p" "$3" | grep -q "// refused: " && continue
  echo "line $line is refused: $(sed -n "${line}p" "$3")"
  failures=$((failures + 1))
done < <(sed 's/:.*//' <<<"$reasons" | sort -un)
echo "$refused lines, $failures failures"
[ "$refused" -gt 0 ] && [ "$failures" = 0 ]
