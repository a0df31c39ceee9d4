#!/usr/bin/env bash
# check-leaks.sh PROGRAM: LeakSanitizer reports what a child has lost when it leaves, and says nothing of one that has
# lost nothing.
set -euo pipefail
program=$1
clean=$("$program" 2>&1)
if grep -q LeakSanitizer <<<"$clean"; then
  echo "$clean"
  exit 1
fi
report=$("$program" leak 2>&1)
grep -E "Direct leak of 40000 byte\(s\) in 100 object\(s\)" <<<"$report" && grep -E "in .*lose" <<<"$report" ||
  { echo "$report"; exit 1; }
