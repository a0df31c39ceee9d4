#!/usr/bin/env bash
# Usage: kill_and_resume.sh TROUPE
# A run over many inputs is killed by SIGKILL at random moments, goes on with two lines inserted, and comes to its end:
# every input has ended exactly once, as the journal shows, and every output has been shown.
. "$(dirname "$0")/../killed_runs.sh"

begin() {
  exec "$troupe" each "$@" -q -a lines -- echo >>out 2>>err
}
ended() {
  wc -l <out
}
: >out
kill_and_resume "$inputs"
[ ! -s err ] || { cat err; exit 1; }

# Each line has one attempt that ended, and none has two.
"$troupe" log journal --json | grep '"final":true' | sed 's/.*"input":"\([^"]*\)".*/\1/' | sort >journaled
sort lines | diff - journaled >differs || { head differs; echo "the journal differs from the inputs"; exit 1; }
# Every output is there. What was written just before a kill may be there again.
sort -u out | diff <(sort lines) - >differs || { head differs; echo "outputs are missing"; exit 1; }
again=$(($(wc -l <out) - $(wc -l <lines)))
echo "$(wc -l <journaled) inputs ended once each; $again outputs were shown a second time;" \
  "$(interrupted) attempts were interrupted"
[ ! -e journal.spool ] || { echo "the spool is left"; exit 1; }
