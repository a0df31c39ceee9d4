#!/usr/bin/env bash
# What `troupe run` does, and how its failures are told.
. "$(dirname "$0")/support.sh"

run() { # FILE ARGUMENTS...
  without_times "$troupe" run "$@"
}
jobs() { # standard input is the file, which begins with the module
  { echo "modules = [\"$modules/tasks.so\"]"; cat; } > jobs.toml
}

# -- inputs -------------------------------------------------------------------------------------------------

printf 'alpha\nbeta\n\ngamma' > words.txt
printf '[1,2]\n\n[3,4]\n' > pairs.jsonl
printf 'name,what\r\n"a, ""b""",first\r\nc,"two\nlines"\r\n' > table.csv

jobs <<'EOF'
[job.a]
task = "upper"
input = "words.txt"
EOF
expect "lines of a file" 0 $'ALPHA\nBETA\n\nGAMMA\ntroupe run: a: 4 done' run jobs.toml
jobs <<'EOF'
[job.a]
task = "upper"
input = "-"
EOF
expect "standard input" 0 $'ONE\nTWO\ntroupe run: a: 2 done' \
  bash -c 'printf "one\ntwo\n" | "$1" run jobs.toml 2>&1 | sed "s/, in .*//"' - "$troupe"
jobs <<'EOF'
[job.a]
task = "add"
input = "pairs.jsonl"
EOF
expect "lines of JSON" 0 $'3\n7\ntroupe run: a: 2 done' run jobs.toml
jobs <<'EOF'
[job.a]
task = "upper"
input = { csv = "table.csv", column = "what" }
output = { file = "-", format = "json" }
EOF
expect "a column of CSV" 0 $'"FIRST"\n"TWO\\nLINES"\ntroupe run: a: 2 done' run jobs.toml
jobs <<'EOF'
[job.a]
command = ["echo", "{}"]
input = { csv = "table.csv" }
EOF
expect "rows of CSV" 0 \
  $'{"name":"a, \\"b\\"","what":"first"}\n{"name":"c","what":"two\\nlines"}\ntroupe run: a: 2 done' \
  run jobs.toml
mkdir files
touch files/b.txt files/a.txt files/c.log
jobs <<'EOF'
[job.a]
task = "upper"
input = { glob = "files/*.txt" }
EOF
expect "files of a pattern, sorted" 0 $'FILES/A.TXT\nFILES/B.TXT\ntroupe run: a: 2 done' run jobs.toml
mkdir '[x]*'
touch '[x]*/a.txt'
sed 's,files/,,' jobs.toml > '[x]*/jobs.toml'
expect "a pattern in the name of the directory is none" 0 $'[X]*/A.TXT\ntroupe run: a: 1 done' \
  run '[x]*/jobs.toml'
jobs <<'EOF'
[job.a]
task = "twice"
input = { range = [10, 30, 5] }
EOF
expect "a range, and a coroutine" 0 $'20\n30\n40\n50\n60\ntroupe run: a: 5 done' run jobs.toml
jobs <<'EOF'
[job.a]
task = "upper"
input = { range = [1, 2], as = "page-{}.html" }
EOF
expect "a text with the item in it" 0 $'PAGE-1.HTML\nPAGE-2.HTML\ntroupe run: a: 2 done' run jobs.toml
jobs <<'EOF'
[job.once]
task = "add"
arguments = [20, 22]
EOF
expect "no input: once" 0 $'42\ntroupe run: once: 1 done' run jobs.toml
jobs <<'EOF'
[job.once]
command = ["sh", "-c", "echo $# $*", "sh"]
EOF
expect "a command without an input gets no further argument" 0 $'0\ntroupe run: once: 1 done' run jobs.toml

# -- jobs that follow each other ----------------------------------------------------------------------------

jobs <<'EOF'
[job.lists]
task = "up_to"
input = { values = [2, 3] }
[job.twice]
task = "twice"
input = { job = "lists", each = true }
output = "twice.jsonl"
EOF
expect "results of another job" 0 $'2\n4\n2\n4\n6' bash -c '"$1" run jobs.toml 2> /dev/null; cat twice.jsonl' - "$troupe"
expect "the jobs that a job needs" 0 "2" \
  bash -c '"$1" run jobs.toml twice 2>&1 | grep -c done' - "$troupe"
expect "one job alone, whose results nobody takes" 0 $'[1,2]\n[1,2,3]\ntroupe run: lists: 2 done' \
  run jobs.toml lists

# The first job cannot end before the second one has taken its first result: that makes the file which it waits for.
jobs <<'EOF'
[pool.p]
processes = 2
[job.first]
task = "wait_for"
input = { values = ["words.txt", "made"] }
[job.second]
command = ["touch", "made"]
input = { job = "first" }
EOF
sed -i 's/command = .*/command = ["sh", "-c", "touch made; echo $0"]/' jobs.toml
expect "a job begins while the one that it follows still runs" 0 $'words.txt\nmade' \
  bash -c '"$1" run jobs.toml 2> /dev/null' - "$troupe"

jobs <<'EOF'
[job.b]
command = ["sh", "-c", "cat made-by-a"]
after = "a"
[job.a]
command = ["sh", "-c", "echo it > made-by-a"]
EOF
expect "a job after another one" 0 $'\nit\ntroupe run: a: 1 done\ntroupe run: b: 1 done' run jobs.toml

# -- outputs ------------------------------------------------------------------------------------------------

jobs <<'EOF'
[job.a]
task = "summary"
input = { values = [{title = "A, B", pages = [{title = "p \"1\"", number = 3}]}, {title = "C", pages = []}] }
output = "summary.csv"
EOF
expect "CSV, with a header of the fields" 0 $'title,pages,first\r\n"A, B",1,"p ""1"""\r\nC,0,\r' \
  bash -c '"$1" run jobs.toml 2> /dev/null; cat summary.csv' - "$troupe"
jobs <<'EOF'
[job.a]
task = "summary"
input = { values = [{title = "C", pages = []}] }
output = { file = "-", format = "csv", columns = ["first", "title"] }
EOF
expect "CSV, with columns of choice" 0 $'first,title\r\n,C\r\ntroupe run: a: 1 done' run jobs.toml
jobs <<'EOF'
[job.a]
task = "upper"
input = { values = ["a"] }
output = "link.txt"
EOF
echo old > target.txt
ln -s target.txt link.txt
expect "a link stays, and what it leads to is replaced" 0 $'target.txt\nA' \
  bash -c '"$1" run jobs.toml 2> /dev/null; readlink link.txt; cat target.txt' - "$troupe"
rm link.txt
mkfifo link.txt
expect "a pipe stays one, and takes the results" 0 $'A\ntroupe run: a: 1 done\nfifo' \
  bash -c '"$1" run jobs.toml 2> errors & cat link.txt; wait; sed "s/, in .*//" errors; stat -c %F link.txt' - "$troupe"

# -- initializers -------------------------------------------------------------------------------------------

jobs <<'EOF'
[pool.p]
initializer = ["set_greeting", "good morning"]
[job.a]
task = "say"
input = { values = ["Ada"] }
EOF
expect "an initializer of a module" 0 $'good morning Ada\ntroupe run: a: 1 done' run jobs.toml

# -- failures -----------------------------------------------------------------------------------------------

jobs <<'EOF'
[pool.p]
processes = 1
[job.a]
task = "odd"
input = { range = [1, 4] }
EOF
expect "items that fail are told, and the others are done" 1 \
$'1\n3\ntroupe run: a: item 2 (2): 2 is even\ntroupe run: a: item 4 (4): 4 is even\ntroupe run: a: 2 done, 2 failed' \
  run jobs.toml
jobs <<'EOF'
[pool.p]
processes = 1
[job.a]
task = "crash"
input = { range = [1, 3] }
EOF
expect "a crash is one item's failure" 1 \
$'1\n3\ntroupe run: a: item 2 (2): task N (a) is lost: child 0 (pid N) was ended by signal 6 (SIGABRT, Aborted) while it ran this task\ntroupe run: a: 2 done, 1 failed' \
  run jobs.toml
jobs <<'EOF'
[pool.p]
processes = 1
[job.a]
task = "summary"
input = { values = [5, {}, {title = "x", pages = [{title = "y"}, {title = 7}]}, {title = "x", pages = [], titel = 1}] }
[job.b]
task = "add"
input = { values = [1, [1], [1, "x"], [1, 3000000000]] }
after = "c"
[job.c]
command = "true"
EOF
expect "arguments that do not fit" 1 \
'troupe run: a: item 1 (5): the argument: an object is expected, this is a number
troupe run: a: item 2 ({}): the argument: the field "title" is missing
troupe run: a: item 3 ({"pages": [{"title": "y"}, {"title": 7}], "title": "x"}): the argument, .pages[1].title: a string is expected, this is a number
troupe run: a: item 4 ({"pages": [], "titel": 1, "title": "x"}): the argument: there is no field "titel"; did you mean "title"?
troupe run: b: item 1 (1): the task takes an array of 2 arguments, and is given a number
troupe run: b: item 2 ([1]): the task takes an array of 2 arguments, and is given one of 1
troupe run: b: item 3 ([1, "x"]): argument 2: an integer from -2147483648 to 2147483647 is expected, this is a string
troupe run: b: item 4 ([1, 3000000000]): argument 2: an integer from -2147483648 to 2147483647 is expected, this is 3000000000' \
  bash -c '"$1" run jobs.toml 2>&1 > /dev/null | grep item | sort; exit ${PIPESTATUS[0]}' - "$troupe"
jobs <<'EOF'
[job.a]
command = ["sh", "-c", "exit 3"]
[job.b]
command = "true"
after = "a"
EOF
expect "a command that fails, and what comes after it" 1 \
$'troupe run: a: item 1: exit code 3\ntroupe run: a: 0 done, 1 failed\ntroupe run: b: not run, since what it comes after did not end well' \
  run jobs.toml
jobs <<'EOF'
[job.a]
command = "no-such-program-here"
EOF
expect "a command that there is not" 1 "1" \
  bash -c '"$1" run jobs.toml 2>&1 | grep -c "item 1: .*no-such-program-here"; exit ${PIPESTATUS[0]}' - "$troupe"
jobs <<'EOF'
[pool.p]
processes = 1
[job.a]
task = "odd"
input = { range = [1, 100000] }
in_flight = 4
on_failure = "stop"
output = "never.txt"
EOF
expect "the first failure ends a job, and its file is not written" 1 \
'troupe run: a: item 2 (2): 2 is even
troupe run: a: never.txt was not written, since the job did not come to its end
ls: cannot access '"'never.txt'"': No such file or directory' \
  bash -c '"$1" run jobs.toml 2>&1 | grep -v "failed, in"; code=${PIPESTATUS[0]}; LC_ALL=C ls never.txt; exit $code' - "$troupe"
jobs <<'EOF'
[pool.p]
processes = 1
[job.a]
task = "odd"
input = { range = [1, 100000] }
in_flight = 4
on_failure = "stop"
[job.b]
task = "twice"
input = { job = "a" }
output = "never.txt"
EOF
expect "what follows a job that did not come to its end is not complete either" 1 "1
1" bash -c '"$1" run jobs.toml > out 2>&1; code=$?
  grep -c "b: its input: the job that it follows did not come to its end" out
  grep -c "b: never.txt was not written" out; exit $code' - "$troupe"
printf '"open' > open.csv
jobs <<'EOF'
[job.a]
task = "upper"
input = { csv = "open.csv", column = "x" }
EOF
expect "an input with a mistake" 1 \
$'troupe run: a: its input: open.csv: row 1 ends inside of quotation marks\ntroupe run: a: 0 done' \
  run jobs.toml
jobs <<'EOF'
[job.a]
task = "upper"
input = { csv = "table.csv", column = "which" }
EOF
expect "a column that there is not" 1 \
$'troupe run: a: its input: table.csv: there is no column "which"; there are: name, what\ntroupe run: a: 0 done' \
  run jobs.toml
jobs <<'EOF'
[job.a]
task = "upper"
input = "words.txt"
output = "/dev/full/x"
EOF
expect "an output that cannot be made" 5 \
$'troupe run: a: /dev/full/x: cannot make a file beside it: Not a directory\ntroupe run: a: 0 done' \
  run jobs.toml
jobs <<'EOF'
[job.a]
task = "upper"
input = "words.txt"
EOF
expect "a full disk" 5 \
$'troupe run: a: standard output: cannot write: No space left on device' \
  bash -c '"$1" run jobs.toml 2>&1 > /dev/full | grep -v done; exit ${PIPESTATUS[0]}' - "$troupe"
expect "standard output is closed" 5 \
  'troupe run: standard output is closed, so nothing could be shown; > /dev/null does without' \
  bash -c '"$1" run jobs.toml >&-' - "$troupe"
jobs <<'EOF'
[job.a]
task = "upper"
input = "-"
EOF
expect "standard input is closed" 5 'troupe run: standard input is closed, and job a reads it' \
  bash -c '"$1" run jobs.toml <&-' - "$troupe"
jobs <<'EOF'
[job.a]
task = "upper"
input = "words.txt"
EOF
expect "whoever reads has gone" 5 \
$'troupe run: a: standard output: cannot write: Broken pipe' \
  bash -c '{ "$1" run jobs.toml 2> errors; echo $? > code; } | true; grep -v done errors; exit $(cat code)' - "$troupe"
expect "a job that there is not" 2 'troupe run: there is no job "b"; there are: a' run jobs.toml b
echo 'x = 1' > wrong.toml
expect "a file with a mistake starts nothing" 2 \
'wrong.toml:1:1: x: unknown key; valid: pool, app, include, modules, job' run wrong.toml
: > empty.toml
expect "no jobs" 4 'troupe run: empty.toml has no jobs: write [job.NAME]' run empty.toml

# -- an initializer that fails ------------------------------------------------------------------------------

jobs <<'EOF'
[pool.p]
initializer = ["add", 1, "x"]
[job.a]
task = "upper"
input = "words.txt"
EOF
expect "an initializer with wrong arguments" 5 "1" \
  bash -c '"$1" run jobs.toml 2>&1 | grep -c "troupe run: a: .*argument 2: an integer from .* is expected, this is a string"; exit ${PIPESTATUS[0]}' - "$troupe"

finish
