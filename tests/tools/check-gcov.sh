#!/usr/bin/env bash
# check-gcov.sh PROGRAM OBJECT GCOV: what children have run counts as covered, with what the parent has.
set -euo pipefail
program=$1 object=$2 gcov=$3
rm -f "${object%.o}.gcda"
"$program"
report=$("$gcov" --stdout --object-directory "$object" "$object" 2>&1)
grep -E '^ +2: +[0-9]+:.*line of children' <<<"$report" && grep -E '^ +#####: +[0-9]+:.*line of nobody' <<<"$report" ||
  { echo "$report" | grep "line of"; exit 1; }
