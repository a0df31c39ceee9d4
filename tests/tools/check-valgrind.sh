#!/usr/bin/env bash
# check-valgrind.sh VALGRIND PROGRAM: valgrind runs the program without an error of troupe's, with its children beside
# it and inside.
set -euo pipefail
valgrind=$1 program=$2
for children in no yes; do
  if ! output=$("$valgrind" --error-exitcode=9 --trace-children=$children "$program" 2>&1) ||
    ! grep -q "25" <<<"$output"; then
    echo "with --trace-children=$children:"
    echo "$output"
    exit 1
  fi
done
