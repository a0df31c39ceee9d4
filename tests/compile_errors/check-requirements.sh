#!/usr/bin/env bash
# check-requirements.sh COMPILER INCLUDE [HEADER]: without C++20, and without RTTI, each public header (or that one)
# is refused with one #error, which says what to do, and the compiler says nothing else than that it stops there.
set -euo pipefail
compiler=$1 include=$2
failures=0
headers=0
check() { # check FLAG TEXT HEADER
  local output errors
  # shellcheck disable=SC2086
  output=$("$compiler" $1 -fsyntax-only -I"$include" -x c++ - <<<"#include <troupe/$3>" 2>&1 || true)
  errors=$(grep "error: " <<<"$output" || true)
  if [ "$(wc -l <<<"$errors")" != 2 ] || ! head -n 1 <<<"$errors" | grep -q "error: .*$2" ||
    ! tail -n 1 <<<"$errors" | grep -q "fatal error: .*stopped by the error above"; then
    echo "$3 with $1:"
    echo "$output" | head -n 20
    failures=$((failures + 1))
  fi
}
for header in "$include"/troupe/${3:-*.hpp}; do
  name=$(basename "$header")
  [ "$name" != version.hpp ] || continue # has macros only, and can be included by anything
  headers=$((headers + 1))
  check -std=c++17 "troupe needs C++20: compile with -std=c++20" "$name"
  check "-std=c++20 -fno-rtti" "troupe needs RTTI.*compile without -fno-rtti" "$name"
done
echo "$headers headers, $failures failures"
[ "$headers" -gt 0 ] && [ "$failures" = 0 ]
