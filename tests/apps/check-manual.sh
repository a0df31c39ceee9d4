#!/usr/bin/env bash
# Usage: check-manual.sh PAGE PROGRAM
# The manual page has the options that the program's --help has, and no others, and groff has no objection to it.
set -euo pipefail
page=$1 program=$2
options() {
  grep -oE -- '--[a-z][a-z-]*' | sort -u
}
warnings=$(groff -man -ww -Tutf8 -z "$page" 2>&1)
[ -z "$warnings" ] || { echo "$warnings"; exit 1; }
diff --label "$page" <(sed -n '/^\.SH OPTIONS/,/^\.SH [^O]/p' "$page" | sed 's/\\-/-/g' | options) \
  --label "$program --help" <("$program" --help | options)
