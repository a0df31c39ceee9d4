#!/usr/bin/env bash
# Usage: each.sh TROUPE
# What `troupe each` and `troupe log` do and say, with real commands. Each check prints what differs.
set -uo pipefail
troupe=$1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder" || exit 1
mkdir tmp
export TMPDIR=$folder/tmp
failures=0

# expect NAME CODE STDOUT STDERR: of the command that `run` has run last.
expect() {
  [ "$2" = "$code" ] && [ "$3" = "$(cat out)" ] && [ "$4" = "$(cat err)" ] && return
  failures=$((failures + 1))
  echo "FAILED: $1: exit code $code instead of $2"
  diff <(printf '%s\n' "$3") out
  diff <(printf '%s\n' "$4") err
}
run() {
  "$troupe" "$@" >out 2>err
  code=$?
}
# eventually CONDITION: false if it does not hold within a minute, which only guards against a hang.
eventually() {
  for _ in $(seq 6000); do
    eval "$1" && return
    sleep 0.01
  done
  echo "in vain: $1"
  failures=$((failures + 1))
  return 1
}

# -- inputs and placeholders

run each -k -- echo ::: a b 'c d'
expect "arguments are inputs, and appended" 0 $'a\nb\nc d' ''
printf '1\n2\n\n3' | "$troupe" each -k -- printf '<%s>\n' >out 2>err
code=$?
expect "lines of stdin are inputs, also an empty one and one without an end" 0 $'<1>\n<2>\n<>\n<3>' ''
printf 'a\nb\0c\0' >zero
run each -0 -k -a zero -- printf '<%s>'
expect "inputs may end with a zero byte" 0 $'<a\nb><c>' ''
run each -k -- echo {} {.} {/} {//} {/.} {#} x{}y ::: /a/b.tar.gz c '.d'
expect "placeholders are parts of the input" 0 $'/a/b.tar.gz /a/b.tar b.tar.gz /a b.tar 1 x/a/b.tar.gzy
c c c . c 2 xcy
.d .d .d . .d 3 x.dy' ''
run each -j1 -- sh -c 'echo $TROUPE_SLOT {%} $1' - {} ::: a
expect "a command knows its slot" 0 '1 1 a' ''
run each --shell -- 'echo {} | tr a-z A-Z' ::: "it's; \$HOME"
expect "inputs are quoted for a shell" 0 "IT'S; \$HOME" ''
run each --dry-run -- cp {} {.}.bak ::: 'a b.txt' c.txt
expect "a dry run prints commands" 0 $'cp \'a b.txt\' \'a b.bak\'\ncp c.txt c.bak' ''
run each -- cat </dev/null
expect "no input, no command" 0 '' ''
run each --env A=1 -- sh -c 'echo $A$1' - ::: 2
expect "a variable of its own" 0 '12' ''

run each -j1 -- sh -c 'ls -A $TMPDIR; touch $TMPDIR/$1; [ $1 = 1 ] || rm -r $TMPDIR' - ::: 1 2 3
expect "a temporary folder of its own, and empty" 0 '' ''

# -- outputs

run each -j2 -k -- sh -c 'echo $1; echo e$1 >&2' - ::: 1 2 3
expect "stdout and stderr are apart, and in order" 0 $'1\n2\n3' $'e1\ne2\ne3'
run each -k --tag -- printf 'x\ny%s' ::: 1 2
expect "lines are tagged, and whole" 0 $'1\tx\n1\ty1\n2\tx\n2\ty2' ''
run each -k -j2 -- sh -c 'seq $1' - ::: 100000 2
[ "$(wc -l <out)" = 100002 ] && [ "$(tail -n 1 out)" = 2 ] ||
  { failures=$((failures + 1)); echo "FAILED: a long output is not whole"; }
run each -u -- echo ::: ungrouped
expect "commands write themselves" 0 'ungrouped' ''
run each --output-dir results -- sh -c 'echo $1; echo e >&2' - ::: a b
expect "outputs in files" 0 '' ''
[ "$(cat results/1.out results/2.out results/1.err)" = $'a\nb\ne' ] ||
  { failures=$((failures + 1)); echo "FAILED: outputs are not in files"; }
run each --output-dir results -- echo ::: new
[ "$(cat results/1.out results/1.2.out)" = $'a\nnew' ] ||
  { failures=$((failures + 1)); echo "FAILED: an output was written over"; }

# -- failures

run each -j1 -- sh -c 'exit $1' - ::: 0 3
expect "one fails" 1 '' 'troupe each: input 2 "3": exit code 3'
run each -j1 -q -- sh -c 'exit $1' - ::: 0 3
expect "quiet" 1 '' ''
run each -- no-such-program ::: a
expect "no program" 1 '' 'troupe each: input 1 "a": cannot run "no-such-program": there is no such program in PATH'
run each -- sh -c 'kill -SEGV $$' ::: a
expect "a signal" 1 '' 'troupe each: input 1 "a": signal 11 (SIGSEGV, Segmentation fault)'
run each --timeout 50ms --grace 10ms -- sleep ::: 1000
grep -Eqx 'troupe each: input 1 "1000": timeout after [0-9]+ ms' err && [ $code = 1 ] ||
  { failures=$((failures + 1)); echo "FAILED: timeout"; cat err; }
run each -- sh -c 'sleep 1000 & while ! grep -q sleep /proc/$!/comm; do sleep 0.01; done' ::: a
grep -Eqx 'troupe each: input 1 "a": left behind: [0-9]+ sleep' err && [ $code = 0 ] ||
  { failures=$((failures + 1)); echo "FAILED: left behind"; cat err; }
printf 'a\0b\n' >zero-inside
run each -a zero-inside -- echo
expect "a zero byte in an argument" 1 '' 'troupe each: input 1 "a\x00b": cannot run "echo": an argument contains a zero byte'

run each -j1 --retries 2 -- sh -c 'echo x >>tries; [ $(wc -l <tries) = 3 ]' ::: a
expect "the third attempt is good" 0 '' 'troupe each: input 1 "a": exit code 1; it is tried again
troupe each: input 1 "a", attempt 2: exit code 1; it is tried again'
run each -j1 --retries signal=5,exit:4=1 -- sh -c 'exit $1' - ::: 3 4
expect "retries by cause" 1 '' 'troupe each: input 1 "3": exit code 3
troupe each: input 2 "4": exit code 4; it is tried again
troupe each: input 2 "4", attempt 2: exit code 4'
run each -j1 --halt soon,fail=1 -- sh -c 'echo $1; exit $1' - ::: 0 1 0
expect "halted" 3 $'0\n1' 'troupe each: input 2 "1": exit code 1
troupe each: halted, since 1 of 2 inputs have failed
troupe each: stopped before the end'
run each -j2 --grace 10ms --halt now,fail=1 -- sh -c 'if [ $1 = 0 ]; then exec sleep 1000; fi; exit 1' - ::: 0 1 2
expect "halted now" 3 '' 'troupe each: input 2 "1": exit code 1
troupe each: halted, since 1 of 1 input has failed
troupe each: stopped before the end'

run each -j1 --retries lost=1 -- sh -c 'kill -KILL $PPID; sleep 1000' - ::: a
[ $code = 1 ] && [ "$(grep -c 'input 1 "a".*: task [12] (sh -c .*) is lost: child 0 .* was ended by signal 9' err)" = 2 ] ||
  { failures=$((failures + 1)); echo "FAILED: a child that was killed"; cat err; }

# -- wrong command lines and places

run each -a in
expect "no command" 2 '' 'troupe each: there is no command: write it after "--", as in: troupe each -- gzip -9 {}'
run each --timeout 5 -- true
expect "no unit" 2 '' 'troupe each: --timeout: "5" is not a time with its unit, such as 500ms, 2s, 5m, 1h'
run each --memfree lots -- true
expect "no size" 2 '' 'troupe each: --memfree: "lots" is not a size with its unit, such as 512MiB, 2GB'
run each --halt later -- true
expect "no rule" 2 '' 'troupe each: --halt: "later" is not now or soon, and ,fail=N or ,fail=P%: for example soon,fail=1'
run each --retries often -- true
expect "no retries" 2 '' 'troupe each: --retries: "often" is neither a number nor a list such as timeout=2,exit:75=5; the causes are exit, exit:CODE, signal, timeout, start and lost'
run each --resume -- true
expect "no journal" 2 '' 'troupe each: --resume, --retry-failed and --longest-first need the journal: name it with --journal FILE'
run each -u -k -- true
expect "contradiction" 2 '' 'troupe each: --ungroup lets commands write themselves: it cannot be had with --keep-order, --tag or --output-dir'
run each -k --output-dir x -- true
expect "contradiction of files" 2 '' 'troupe each: --output-dir gives each output a file: it cannot be had with --keep-order or --tag'
run each -j3 --concurrency 2 -- true
expect "no multiple" 2 '' 'troupe each: -j must be a multiple of --concurrency, so that each child looks after the same number'
run each -a x -- true ::: a
expect "two inputs" 2 '' 'troupe each: -a and ":::" both name inputs: leave one out'
run each --env =1 -- true
expect "no name" 2 '' 'troupe each: --env: a variable has a name, as in --env LANG=C'
run each -a nowhere -- true
expect "no file" 5 '' 'troupe each: cannot read the inputs from "nowhere": No such file or directory'
run each -a . -- true
expect "a directory" 5 '' 'troupe each: cannot read the inputs from ".": Is a directory'
run each --spool /no/where -- true ::: a
expect "no spool" 5 '' 'troupe each: cannot make a folder for outputs in "/no/where": No such file or directory; --spool names another place'
run each --output-dir /dev/null/x -- true ::: a
expect "no output folder" 5 '' 'troupe each: cannot make the folder "/dev/null/x": Not a directory'
run each --journal /no/where -- true ::: a
expect "no place for a journal" 5 '' 'troupe each: cannot open the journal "/no/where": No such file or directory'
echo text >text
run each --journal text --resume -- true ::: a
expect "no journal" 5 '' 'troupe each: journal "text": it is another kind of file'
run log nowhere
expect "no journal to show" 5 '' 'troupe log: cannot open the journal "nowhere": unable to open database file'
"$troupe" each -- echo ::: a >&- 2>err
code=$?
: >out
expect "closed stdout" 5 '' 'troupe each: stdout is closed: nothing could be shown; > /dev/null does without'
"$troupe" each -- echo <&- >out 2>err
code=$?
expect "closed stdin" 5 '' 'troupe each: cannot read the inputs from stdin: it is closed'
"$troupe" each -- echo ::: a >/dev/full 2>err
code=$?
: >out
expect "full disk" 5 '' 'troupe each: cannot write to stdout: No space left on device'
yes | "$troupe" each -- echo 2>err | head -n 1 >out
code="${PIPESTATUS[*]:1:1}"
expect "nobody reads stdout" 141 'y' ''

# -- journal

run each -j1 --journal j -- sh -c 'echo $1; [ $1 != b ]' - ::: a b
expect "with a journal" 1 $'a\nb' 'troupe each: input 2 "b": exit code 1'
run each --journal j -- true ::: a
expect "a journal is not written over" 2 '' 'troupe each: --journal: "j" is there already: go on with it by --resume, or name another file'
run each -j1 --journal j --resume -- sh -c 'echo $1; [ $1 != b ]' - ::: x a b b
expect "resumed: what has ended is not run again, and what is there twice runs twice" 1 $'x\nb' 'troupe each: input 4 "b": exit code 1
troupe each: an input has failed in an earlier run; --retry-failed runs it again'
run each -j1 --journal j --retry-failed -- sh -c 'echo $1; [ $1 != b ]' - ::: a b x
expect "failures again" 1 'b' 'troupe each: input 2 "b": exit code 1'
run log j --failed
[ $code = 0 ] && [ "$(grep -c 'exit 1' out)" = 2 ] ||
  { failures=$((failures + 1)); echo "FAILED: log --failed"; cat out; }
run log j --slowest 1
[ $code = 0 ] && [ "$(wc -l <out)" = 2 ] || { failures=$((failures + 1)); echo "FAILED: log --slowest"; }
run log j --json
head -n 1 out | grep -q '"number":1,"attempt":1,"input":"a","command":"sh -c .* - a"' &&
  head -n 1 out | grep -q '"outcome":"ok","final":true,"exit_code":0,"signal":null' ||
  { failures=$((failures + 1)); echo "FAILED: log --json"; head -n 1 out; }
for spool in stays gone; do
  "$troupe" each -j1 -q --journal "$spool" -- sh -c 'seq 50000' ::: a b 2>err | head -n 1 >out
  code="${PIPESTATUS[*]:0:1}"
  expect "nobody reads an output that is kept" 141 '1' ''
  [ $spool = stays ] || rm -r "$spool.spool"
  run each -j1 -q --journal "$spool" --resume -- sh -c 'seq 50000' ::: a b
  [ $code = 0 ] && [ "$(wc -l <out)" = $([ $spool = stays ] && echo 100000 || echo 50000) ] && [ ! -e "$spool.spool" ] ||
    { failures=$((failures + 1)); echo "FAILED: a run goes on after nobody has read its output"; cat err; }
done
run each --journal good -- true ::: a
run log good --failed
expect "nothing has failed" 4 '' ''

run each -j1 -q --journal times -- sh -c '[ -e again ] && echo $1; sleep $1; [ -e again ]' - ::: 0.01 0.5
: >again
run each -j1 --journal times --retry-failed --longest-first -- sh -c '[ -e again ] && echo $1; sleep $1; [ -e again ]' - ::: 0.01 0.5
expect "what took longest comes first" 0 $'0.5\n0.01' ''

# -- signals

"$troupe" each -j1 -- sh -c 'echo $$ >pid; while [ ! -e go ]; do sleep 0.01; done; echo done' ::: a b >out 2>err &
eventually '[ -s pid ]' && kill -INT $!
eventually 'grep -q again err' && : >go
wait $!
code=$?
expect "the first Ctrl-C drains" 3 'done' 'troupe each: starting nothing more, and waiting for 1 that run; Ctrl-C again ends them
troupe each: stopped before the end'

rm -f pid go
"$troupe" each -j1 -- sh -c 'trap "echo asked >asked; exit" TERM; echo $$ >pid; while :; do sleep 0.01; done' ::: a b >out 2>err &
eventually '[ -s pid ]' && kill -INT $!
eventually 'grep -q again err' && kill -INT $!
wait $!
code=$?
expect "the second ends" 130 '' 'troupe each: starting nothing more, and waiting for 1 that run; Ctrl-C again ends them
troupe each: ending 1 that run
troupe each: stopped before the end'
[ "$(cat asked)" = asked ] || { failures=$((failures + 1)); echo "FAILED: the command was not asked"; }
[ ! -e "/proc/$(cat pid)" ] || { failures=$((failures + 1)); echo "FAILED: the command runs on"; }

rm -f pid
"$troupe" each -j1 --grace 10ms -- sh -c 'echo $$ >pid; exec sleep 1000' ::: a b >out 2>err &
eventually '[ -s pid ]' && kill -TERM $!
wait $!
code=$?
expect "SIGTERM ends at once" 143 '' 'troupe each: ending 1 that run
troupe each: stopped before the end'

# -- inputs come slowly, without end

mkfifo slow
"$troupe" each -j1 -- echo <slow >out 2>err &
exec 9>slow
echo first >&9
eventually 'grep -qx first out'
echo second >&9
eventually 'grep -qx second out'
exec 9>&-
wait $!
code=$?
expect "results come while inputs do" 0 $'first\nsecond' ''

[ -z "$(ls -A tmp)" ] || { failures=$((failures + 1)); echo "FAILED: left in TMPDIR:"; ls -AR tmp; }
[ ! -e j.spool ] || { failures=$((failures + 1)); echo "FAILED: the journal's spool is left"; }
echo "$failures checks failed"
[ "$failures" = 0 ]
