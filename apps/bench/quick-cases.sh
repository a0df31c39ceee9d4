#!/usr/bin/env bash
# How long quick test cases take, 2,000 of them or fewer: with `ctest -j`, with `troupe test`, and with
# `troupe test --group suite`, in turns, and the median of each. Cases of GoogleTest and of Catch2, as gtest_discover_tests and catch_discover_tests would
# have ctest run them; and cases of Catch2 in a program with troupe's main, which are forked. Needs a build with tests, and ctest.
#   apps/bench/quick-cases.sh BUILD_FOLDER [ROUNDS] [HUNDREDS_OF_CASES]
set -euo pipefail
build=$(realpath "${1:?name a build folder, such as build/release}")
rounds=${2:-5}
cases=$((${3:-20} * 100))
jobs=$(nproc)
troupe=$build/apps/troupe/troupe
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

suites() { # suites FRAMEWORK: the arguments of ctest's add_test for each case, as the suites have them
  local i
  for ((i = 0; i < cases; i++)); do
    case $1 in
      gtest) echo "add_test(\"$i\" \"$2\" \"--gtest_filter=Suite$((i / 100)).Case$i\" \"--gtest_also_run_disabled_tests\")" ;;
      catch2 | forked) echo "add_test(\"$i\" \"$2\" \"case $i\")" ;;
    esac
  done
}

filters() { # filters FRAMEWORK: what selects the same cases for troupe
  local i
  for ((i = 0; i * 100 < cases; i++)); do
    case $1 in
      gtest) echo "suite(Suite$i)" ;;
      catch2 | forked) echo "suite(suite$i)" ;;
    esac
  done
}

by_ctest() { ctest --test-dir "$dir/$1" -j"$jobs"; }
by_troupe() { "$troupe" test -j"$jobs" --history "$dir/history" "$2" "${selected[@]}"; }
by_suites() { "$troupe" test --group suite -j"$jobs" --history "$dir/history" "$2" "${selected[@]}"; }

measure() { # measure FILE PASSED COMMAND...: seconds, and processor time in seconds, into the file
  local file=$1 passed=$2
  shift 2
  local TIMEFORMAT='%R %U %S'
  { time "$@" >"$dir/out" 2>&1; } 2>>"$dir/$file"
  grep -Eq "$passed" "$dir/out" || { cat "$dir/out"; exit 1; }
}

median() { # median FILE: of the time, and of the processor time
  awk '{print $1}' "$dir/$1" | sort -n | awk '{t[NR] = $1} END {printf "%.3f ", t[int((NR + 1) / 2)]}'
  awk '{print $2 + $3}' "$dir/$1" | sort -n | awk '{t[NR] = $1} END {print t[int((NR + 1) / 2)]}'
}

for framework in gtest catch2 forked; do
  program=$build/tests/troupe/test/troupe_${framework}_quick
  [ "$framework" = forked ] && program=$build/tests/troupe/test/troupe_forked_catch2_quick
  [ -x "$program" ] || { echo "$program was not built" >&2; continue; }
  mkdir "$dir/$framework"
  suites "$framework" "$program" >"$dir/$framework/CTestTestfile.cmake"
  mapfile -t selected < <(filters "$framework")
  for ((round = 0; round < rounds; round++)); do
    measure "$framework.ctest" "100% tests passed, 0 tests failed out of $cases" by_ctest "$framework" "$program"
    measure "$framework.troupe" "^$cases tests .*: $cases passed, 0 failed" by_troupe "$framework" "$program"
    measure "$framework.suites" "^$cases tests .*: $cases passed, 0 failed" by_suites "$framework" "$program"
  done
  read -r base used < <(median "$framework.ctest")
  printf '%s, %d cases, median of %d rounds, -j%d\n' "$framework" "$cases" "$rounds" "$jobs"
  printf '  %-28s %8.2f s (%.2f s of processor time)\n' "ctest" "$base" "$used"
  for way in troupe suites; do
    read -r time used < <(median "$framework.$way")
    name="troupe test"
    [ $way = suites ] && name="troupe test --group suite"
    printf '  %-28s %8.2f s (%.2f s of processor time): %.2f times as fast\n' "$name" "$time" "$used" \
      "$(awk -v a="$base" -v b="$time" 'BEGIN {print a / b}')"
  done
done
