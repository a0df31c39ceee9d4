#!/usr/bin/env bash
# The commands that apps/quickstart.sh ends with run as they are printed: next_commands.sh SOURCE COMMAND, where COMMAND
# is the program `troupe` of this build.
set -euo pipefail
source=$1 command=$2
cd "$source"
eval "$(sed -n '/^next=(/,/^)/p' apps/quickstart.sh)"
[ ${#next[@]} = 3 ] || { echo "apps/quickstart.sh has ${#next[@]} commands to try next" >&2; exit 1; }
for line in "${next[@]}"; do
  echo "$line"
  case $line in
    "build/release/apps/troupe/troupe "*) ;;
    *) echo "that does not begin with the program" >&2; exit 1 ;;
  esac
  eval "\"\$command\" ${line#* }"
done
