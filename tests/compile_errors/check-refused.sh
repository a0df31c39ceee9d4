#!/usr/bin/env bash
# check-refused.sh COMPILER INCLUDE SOURCE: g++ or clang refuses each line of SOURCE that says
# "refused: REASON", for that reason, and no other line; g++ also those that say "refused by g++: REASON".
set -uo pipefail
if "$1" --version | grep -q clang; then
  no_limit="-ferror-limit=0 -ftemplate-backtrace-limit=0"
  said_last=origin
  mark="// refused: "
else
  no_limit=-fmax-errors=0
  said_last=error
  mark="// refused( by g[+][+])?: "
fi
# shellcheck disable=SC2086
output=$("$1" -std=c++20 -fsyntax-only $no_limit -I"$2" "$3" 2>&1)
# Where a template was asked for, g++ says before it says what is wrong with it, and clang after that; the last place
# in the source is the outermost.
reasons=$(printf '%s\n' "$output" | awk -v source="$(basename "$3")" -v said_last=$said_last '
  function finish() {
    if (reason != "" && line != "") print line ": " reason
    reason = line = ""
  }
  /^In file included from / || /^ +from / { next }
  / error: / && said_last == "origin" { finish() }
  match($0, source ":[0-9]+:") {
    line = substr($0, RSTART + length(source) + 1)
    sub(/:.*/, "", line)
  }
  /error: static(_assert| assertion) failed/ {
    reason = $0
    if (said_last == "error") finish()
  }
  END { finish() }')
failures=0
refused=0
while IFS=: read -r line text; do
  wanted=${text##*: }
  refused=$((refused + 1))
  if ! grep -q "^$line: .*$wanted" <<<"$reasons"; then
    echo "line $line is not refused because of: $wanted"
    failures=$((failures + 1))
  fi
done < <(grep -nE "$mark" "$3")
while IFS= read -r line; do
  sed -n "${line}p" "$3" | grep -qE "$mark" && continue
  echo "line $line is refused: $(sed -n "${line}p" "$3")"
  failures=$((failures + 1))
done < <(sed 's/:.*//' <<<"$reasons" | sort -un)
echo "$refused lines, $failures failures"
[ "$refused" -gt 0 ] && [ "$failures" = 0 ]
