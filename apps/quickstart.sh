#!/usr/bin/env bash
# Builds troupe, starts the book shop, scrapes its thousand books into books.csv, and shows what came out and what can
# be tried next.
# Options are passed on to the scraper: apps/quickstart.sh --processes 4 --shop-latency 50ms
set -euo pipefail
cd "$(dirname "$0")/.."
apps/install-dependencies.sh
cmake --preset release --log-level=WARNING >/dev/null
log=$(mktemp)
trap 'rm -f "$log"' EXIT
echo "building (a few minutes the first time) ..."
if ! cmake --build --preset release --target books bookshop troupe_command >"$log" 2>&1; then
  cat "$log" >&2
  exit 1
fi
build/release/apps/books/books "$@"
echo
echo "the first rows of books.csv:"
head -n 4 books.csv | cut -c -100

# Each runs as it is printed (tests/troupe/next_commands.sh).
next=(
  "build/release/apps/troupe/troupe each --keep-order --tag -- wc -l ::: README.md CHANGELOG.md LICENSE"
  "build/release/apps/troupe/troupe run config/jobs.toml"
  "build/release/apps/troupe/troupe check --print config/books.toml"
)
echo
echo "to try next: a command for each input; jobs from a file; what a file sets, and what this machine offers"
printf '  %s\n' "${next[@]}"
