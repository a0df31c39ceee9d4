#!/usr/bin/env bash
# Builds troupe, starts the book shop, scrapes its thousand books into books.csv, and shows what came out.
# Options are passed on to the scraper: apps/quickstart.sh --processes 4 --shop-latency 50ms
set -euo pipefail
cd "$(dirname "$0")/.."
apps/install-dependencies.sh
cmake --preset release --log-level=WARNING >/dev/null
log=$(mktemp)
trap 'rm -f "$log"' EXIT
echo "building (a few minutes the first time) ..."
if ! cmake --build --preset release --target books bookshop >"$log" 2>&1; then
  cat "$log" >&2
  exit 1
fi
build/release/apps/books/books "$@"
echo
echo "the first rows of books.csv:"
head -n 4 books.csv | cut -c -100
