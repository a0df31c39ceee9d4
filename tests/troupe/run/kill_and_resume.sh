#!/usr/bin/env bash
# Usage: kill_and_resume.sh TROUPE
# Two jobs, one of which takes the other's results, are killed by SIGKILL at random moments, go on with two lines inserted,
# and come to their end: every item has ended exactly once, as the journal shows, and both outputs are complete and in
# order.
. "$(dirname "$0")/../killed_runs.sh"

cat >jobs.toml <<'EOF'
[job.first]
command = ["echo", "first"]
input = "lines"
output = "firsts"
[job.second]
command = ["echo", "second"]
input = { job = "first" }
output = "seconds"
EOF
begin() {
  exec "$troupe" run jobs.toml "$@" 2>>err
}
ended() {
  "$troupe" log journal --json 2>/dev/null | grep -c '"final":true' || true
}
kill_and_resume $((2 * inputs))
grep -v ' done' err && exit 1

# Each item of each job has one attempt that ended, and none has two.
"$troupe" log journal --json | grep '"final":true' |
  sed 's/\\"//g; s/.*"input":"\([^"]*\)","command":"\([^"]*\)".*/\2 \1/' | sort >journaled
{ sed 's/^/first /' lines; sed 's/^/second first /' lines; } | sort | diff - journaled >differs ||
  { head differs; echo "the journal differs from the inputs"; exit 1; }
{ diff <(sed 's/^/first /' lines) firsts && diff <(sed 's/^/second first /' lines) seconds; } >differs ||
  { head differs; echo "an output is not whole"; exit 1; }
echo "$(wc -l <journaled) items ended once each; $(interrupted) attempts were interrupted"
