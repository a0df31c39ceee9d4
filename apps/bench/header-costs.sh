#!/usr/bin/env bash
# What including each header costs the compiler: user time (the median of some runs) and memory, of a file that has
# <iostream> and <vector> besides; and of the same file without troupe. Needs GNU time (apt-get install time).
#   apps/bench/header-costs.sh [RUNS]
set -euo pipefail
cd "$(dirname "$0")/../.."
runs=${1:-5}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

base='#include <iostream>
#include <vector>
int square(int x) { return x * x; }'
uses='int main(int argc, char** argv) {
  troupe::runtime rt{argc, argv};
  troupe::pool pool{rt, {.processes = 2}};
  std::cout << pool.apply(square, 3).get();
  for (int v : pool.map(square, std::vector{1, 2, 3})) std::cout << v;
}'

measure() { # measure NAME TEXT
  local i file=$dir/unit.cpp
  echo "$2" >"$file"
  for ((i = 0; i < runs; i++)); do
    command time -f '%U %M' -a -o "$dir/times" "${CXX:-g++}" -std=c++20 -Iinclude -c "$file" -o "$dir/unit.o"
  done
  sort -n "$dir/times" | awk -v name="$1" '{time[NR] = $1; if ($2 > most) most = $2}
    END {printf "%-42s %6.2f s %6.0f MB\n", name, time[int((NR + 1) / 2)], most / 1000}'
  rm "$dir/times"
}

measure "without troupe" "$base
int main() { for (int v : std::vector{1, 2, 3}) std::cout << square(v); }"
measure "pool.hpp, with apply and map" "#include <troupe/pool.hpp>
$base
$uses"
for header in pool process queue coroutine awaitable_operators actor config troupe; do
  measure "$header.hpp" "$base
#include <troupe/$header.hpp>"
done
