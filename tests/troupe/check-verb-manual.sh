#!/usr/bin/env bash
# Usage: check-verb-manual.sh PAGE PROGRAM VERB
# The manual page has the options that the verb's --help has, in its section "OPTIONS OF VERB", and no others; and groff
# has no objection to it.
set -euo pipefail
page=$1 program=$2 verb=$3
options() {
  grep -oE -- '--[a-z][a-z-]*' | sort -u
}
warnings=$(groff -man -ww -Tutf8 -z "$page" 2>&1)
[ -z "$warnings" ] || { echo "$warnings"; exit 1; }
diff --label "$page" <(sed -n "/^\.SH OPTIONS OF ${verb^^}/,/^\.SH [^O]/p" "$page" | sed 's/\\-/-/g' | options) \
  --label "$program $verb --help" <("$program" "$verb" --help | options)
