#!/usr/bin/env bash
# `troupe each --task`: a task of a module for each line.
. "$(dirname "$0")/support.sh"

each() { # TASK ARGUMENTS...
  local task=$1
  shift
  without_times "$troupe" each --task "$modules/tasks.so:$task" "$@"
}
lines() { # TEXT TASK ARGUMENTS...: the text is standard input
  local text=$1
  shift
  printf '%b' "$text" > input
  each "$@" < input
}

expect "lines are arguments as they are, and results lines as they are" 0 $'"A"\n\nB C' \
  lines '"a"\n\nb c' upper
expect "inputs of the command line" 0 $'ONE\nTWO' each upper ::: one two
expect "inputs of a file" 0 $'ONE\nTWO' bash -c 'printf "one\ntwo" > f; "$1" each --task "$2/tasks.so:upper" -a f' - "$troupe" "$modules"
expect "zero bytes between them" 0 $'ONE\nTWO|' bash -c 'printf "one\ntwo\0" | "$1" each -0 --task "$2/tasks.so:upper" | tr "\0" "|"' - "$troupe" "$modules"
expect "other types are JSON" 0 $'3\n[1,2]' bash -c '"$1" each --task "$2/tasks.so:add" ::: "[1, 2]"; "$1" each --task "$2/tasks.so:up_to" ::: 2' - "$troupe" "$modules"
expect "coroutines, in the order of the lines" 0 $'4\n2\n0' lines '2\n1\n0\n' twice
touch there
expect "blocking functions" 0 there each wait_for ::: there
expect "a task without a result prints nothing" 0 '' lines 'a\nb\n' set_greeting
expect "no lines" 0 '' lines '' upper
expect "lines that fail are told, and the others are done" 1 \
$'1\n3\ntroupe each: input 2: 2 is even\ntroupe each: input 4: the input is not JSON: parse error at line 1, column 1: syntax error while parsing value - invalid literal; last read: \'x\'' \
  lines '1\n2\n3\nx\n' odd -j 1
expect "a crash is one line's failure" 1 \
$'1\n3\ntroupe each: input 2: task N is lost: child 0 (pid N) was ended by signal 6 (SIGABRT, Aborted) while it ran this task' \
  lines '1\n2\n3\n' crash -j 1

# Each line once and in its place, however many travel together.
seq 1 100000 > many
expect "a hundred thousand lines" 0 '' bash -c '"$1" each --task "$2/tasks.so:upper" -a many | cmp - many' - "$troupe" "$modules"
expect "whoever reads has gone" 0 $'1\n141' bash -c '"$1" each --task "$2/tasks.so:upper" -a many | head -1; echo ${PIPESTATUS[0]}' - "$troupe" "$modules"
expect "a full disk" 5 'troupe each: cannot write to stdout: No space left on device' \
  bash -c '"$1" each --task "$2/tasks.so:upper" -a many > /dev/full' - "$troupe" "$modules"

# -- with a journal -----------------------------------------------------------------------------------------

expect "a run with a journal" 1 $'1\n3\ntroupe each: input 2: 2 is even' lines '1\n2\n3\n' odd --journal j
expect "what has ended is not called again, nor shown, and other lines are" 1 \
  $'5\ntroupe each: an input has failed in an earlier run; --retry-failed runs it again' \
  lines '5\n1\n2\n3\n' odd --journal j --resume
expect "what has failed is called again" 1 'troupe each: input 2: 2 is even' \
  lines '1\n2\n3\n5\n' odd --journal j --retry-failed
expect "what is there twice is called twice" 0 '3' lines '3\n3\n' odd --journal j --resume
expect "each line has ended once for each time it was there" 0 $'1 1\n1 2\n2 3\n1 5' \
  bash -c '"$1" log j --json | grep "\"final\":true" | sed "s/.*\"input\":\"\([^\"]*\)\".*/\1/" | sort | uniq -c | sed "s/^ *//"' - "$troupe"
seq 1 20000 > many
expect "a run that is killed goes on, and its output is complete" 0 '' bash -c '
  "$1" each --task "$2/tasks.so:upper" -a many --journal k > out &
  until [ -s out ]; do sleep 0.01; done; kill -KILL $!; wait $! 2> /dev/null
  "$1" each --task "$2/tasks.so:upper" -a many --journal k --resume >> out && sort -nu out | cmp - many' - "$troupe" "$modules"

# -- what is wrong ------------------------------------------------------------------------------------------

expect "a task that there is not" 2 'troupe each: tasks.so: unknown task "uper"; did you mean "upper"?' each uper ::: a
expect "a module that crashes" 2 \
  'troupe each: module crashes.so: the process that loaded it was ended by signal 6 (SIGABRT, Aborted)' \
  without_times "$troupe" each --task "$modules/crashes.so:x" ::: a
expect "a module that is not there" 2 \
  'troupe each: module nowhere.so: cannot open shared object file: No such file or directory' \
  without_times "$troupe" each --task nowhere.so:x ::: a
expect "a name may have :: in it" 0 'hello you' each library::greet ::: you
mkdir -p a:b
cp "$modules/tasks.so" "a:b/x:y.so"
expect "and a path colons" 0 'hello you' "$troupe" each --task "a:b/x:y.so:library::greet" ::: you
expect "a name with :: that there is not" 2 \
  'troupe each: tasks.so: unknown task "library::gret"; did you mean "library::greet"?' each library::gret ::: a
expect "a module with a colon in its path that is not there" 2 \
  'troupe each: module a:b/z.so: cannot open shared object file: No such file or directory' \
  without_times "$troupe" each --task "a:b/z.so:library::greet" ::: a
expect "two colons do not stand between a module and a task" 2 \
  'troupe each: a task is written as MODULE:NAME, such as ./libtasks.so:resize' \
  "$troupe" each --task "$modules/tasks.so::upper" ::: a
expect "no task at all" 2 \
  'troupe each: a task is written as MODULE:NAME, such as ./libtasks.so:resize' \
  "$troupe" each --task upper ::: a
expect "a task and a command" 2 'troupe each: --task takes the place of a command: leave one out' \
  each upper -- cat
expect "a task with what it cannot have" 2 \
  'troupe each: --task can be had with -a, -0, ":::", -j, --concurrency, --timeout, --quiet, --journal, --resume, --retry-failed and --trace, and with no other option' \
  each upper --tag ::: a
expect "a file that is not there" 5 \
  'troupe each: nowhere.txt: cannot open it: No such file or directory' each upper -a nowhere.txt

finish
