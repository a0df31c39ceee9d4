#!/usr/bin/env bash
# The book shop as two jobs and a module gives the same CSV as apps/books.
. "$(dirname "$0")/support.sh"
module=$2 books=$3 bookshop=$4

"$bookshop" > shop.out &
shop=$!
trap 'kill "$shop" 2>/dev/null; rm -rf "$folder"' EXIT
for _ in $(seq 1 600); do # a guard against a hang, not a measure
  url=$(sed -n 's/^listening on //p' shop.out)
  [ -z "$url" ] || break
  kill -0 "$shop" || exit 1
  sleep 0.1
done

cat > jobs.toml <<EOF
modules = ["$module"]
[pool.web]
processes = 2
childconcurrency = 16
initializer = ["open_connections", "$url", 16, "30s"]
finalizer = "close_connections"
[job.lists]
task = "list_page"
input = { range = [1, 50], as = "${url}catalogue/page-{}.html" }
[job.books]
task = "detail_page"
input = { job = "lists", each = true }
output = "found.csv"
EOF
cat > books.toml <<EOF
[pool.books]
processes = 2
childconcurrency = 16
[app.books]
url = "$url"
output = "wanted.csv"
pages = 50
EOF
"$books" --config books.toml > /dev/null 2>&1
expect "the jobs end well" 0 \
$'troupe run: lists: 50 done\ntroupe run: books: 1000 done' without_times "$troupe" run jobs.toml
expect "the same CSV" 0 "" cmp wanted.csv found.csv

finish
