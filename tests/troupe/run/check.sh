#!/usr/bin/env bash
# Every message of `troupe check`.
. "$(dirname "$0")/support.sh"

# -- what is good -----------------------------------------------------------------------------------------

file good.toml <<EOF
modules = ["$modules/tasks.so"]
[pool.web]
processes = 2
limits = { address_space = "8GiB" }
[job.sums]
task = "add"
input = { values = [[1, 2], [3, 4]] }
EOF
expect "a good file is one line" 0 "good.toml: ok: 1 pool, 1 job, 1 module with 11 tasks" \
  "$troupe" check good.toml

expect "an empty file is good" 0 "/dev/stdin: ok: 0 pools, 0 jobs" \
  bash -c ': > empty.toml; "$1" check empty.toml | sed s/^empty.toml/\\/dev\\/stdin/' - "$troupe"

# -- what is wrong, all of it at once -----------------------------------------------------------------------

file bad.toml <<'EOF'
[pool.web]
proceses = 2
start_timeout = 30
limits = { address_space = 512, file_size = "1MB5", nice = 5 }
[job.a]
task = "add"
output = "same.csv"
timeout = 5
pool = "wbe"
[job.b]
command = ["true"]
task = "x"
outptu = "y"
after = ["c"]
input = { lines = "nowhere.txt", glob = "*" }
[job.c]
after = "b"
output = "same.csv"
retries = { max_attempts = 0 }
priority = 2000
on_failure = "explode"
[jobs.d]
EOF
expect "all problems are told at once" 2 \
'bad.toml:2:1: pool.web.proceses: unknown key; did you mean "processes"?
bad.toml:3:17: pool.web.start_timeout: expected a duration like "30s", found an integer; write "30s" or "30ms"
bad.toml:4:28: pool.web.limits.address_space: expected a size like "512MiB", found an integer; write "512B"
bad.toml:4:45: pool.web.limits.file_size: "1MB5" has an unknown unit; write B, KiB, MiB, GiB or TiB right after the number, like "512MiB"
bad.toml:6:8: job.a.task: unknown task "add"; no modules are named: modules = ["..."]
bad.toml:8:11: job.a.timeout: expected a duration like "30s", found an integer; write "5s" or "5ms"
bad.toml:9:8: job.a.pool: unknown pool "wbe"; did you mean "web"?
bad.toml:11:11: job.b.command: a job has a task or a command, this has both
bad.toml:12:8: job.b.task: unknown task "x"; no modules are named: modules = ["..."]
bad.toml:13:1: job.b.outptu: unknown key; did you mean "output"?
bad.toml:14:9: job.b.after: it waits for itself: b -> c -> b
bad.toml:15:41: job.b.input.glob: expected one of lines, json, csv, glob, range, values and job, found lines and glob
bad.toml:16:1: job.c: a job has a task or a command, this has neither
bad.toml:17:9: job.c.after: it waits for itself: c -> b -> c
bad.toml:18:10: job.c.output: job a writes the same file
bad.toml:19:28: job.c.retries.max_attempts: must be 1 to 1000000, is 0
bad.toml:20:12: job.c.priority: must be -1000 to 1000, is 2000
bad.toml:21:14: job.c.on_failure: unknown reaction "explode"; valid: continue, stop
bad.toml:22:2: jobs: unknown key; did you mean "job"?' \
  "$troupe" check bad.toml

one() { # NAME MESSAGE: standard input is the file
  cat > one.toml
  expect "$1" 2 "$2" "$troupe" check one.toml
}
one "an input that is not there" \
  'one.toml:3:9: job.a.input: cannot read it: No such file or directory' <<'EOF'
[job.a]
command = "cat"
input = "nowhere.txt"
EOF
one "a module that is not there: which tasks there are is not known then" \
  'one.toml:1:12: modules: gone.so: there is no such file' <<'EOF'
modules = ["gone.so"]
[job.a]
task = "any"
input = { range = [1, 2] }
EOF
one "a range that is none" \
  'one.toml:3:19: job.a.input.range: expected integers, [first, last] or [first, last, step]' <<'EOF'
[job.a]
command = "cat"
input = { range = [1] }
EOF
one "a step of zero" 'one.toml:3:19: job.a.input.range: the step must be 1 or more, is 0' <<'EOF'
[job.a]
command = "cat"
input = { range = [1, 2, 0] }
EOF
one "a template without a place" \
  'one.toml:3:32: job.a.input.as: expected a text with {} in it, where the item goes' <<'EOF'
[job.a]
command = "cat"
input = { range = [1, 2], as = "x" }
EOF
one "an input job that is not there" \
  'one.toml:3:9: job.a.input: unknown job "bb"; valid: a' <<'EOF'
[job.a]
command = "cat"
input = { job = "bb" }
EOF
one "a job that waits for what its own input needs" \
  'one.toml:9:9: job.d.after: job c needs job a, from which the input of this one comes: it could wait for ever' <<'EOF'
[job.a]
command = "true"
[job.b]
command = "true"
input = { job = "a" }
[job.d]
command = "true"
input = { job = "b" }
after = "c"
[job.c]
command = "true"
after = "a"
EOF
one "a format that is not there" \
  'one.toml:3:37: job.a.output.format: unknown format "cvs"; did you mean "csv"?' <<'EOF'
[job.a]
command = "cat"
output = { file = "x.txt", format = "cvs" }
EOF
one "columns of what is no table" \
  'one.toml:3:38: job.a.output.columns: only CSV has columns: format = "csv"' <<'EOF'
[job.a]
command = "cat"
output = { file = "x.txt", columns = ["a"] }
EOF
one "a syntax error" \
  "one.toml:2:8: Error while parsing value: could not determine value type" <<'EOF'
[job.a]
task = r
EOF
expect "a file that is not there" 2 "nowhere.toml: cannot open: No such file or directory" \
  "$troupe" check nowhere.toml

# -- modules ------------------------------------------------------------------------------------------------

module() { # FILE MESSAGE
  echo "modules = [\"$modules/$1\"]" > module.toml
  expect "the module $1" 2 "module.toml:1:12: modules: $2" "$troupe" check module.toml
}
module crashes.so "module crashes.so: the process that loaded it was ended by signal 6 (SIGABRT, Aborted)"
module leaves.so "module leaves.so: the process that loaded it exited with code 0"
module lacks_symbol.so "module lacks_symbol.so: undefined symbol: a_function_that_nobody_has"
module no_tasks.so "module no_tasks.so: it has no TROUPE_TASKS (troupe/module.hpp), so it has no tasks"
module nowhere.so "nowhere.so: there is no such file"
abi=$(strings -a "$modules/tasks.so" | grep -m1 '^troupe .*, modules ')
module other_troupe.so "module other_troupe.so: it is built with another troupe (troupe 0.0.9, modules 0, Boost 107400) than this program ($abi); compile it again"
echo no library > text.so
echo 'modules = ["text.so"]' > text.toml
expect "a module that is no library" 2 \
  "text.toml:1:12: modules: module text.so: file too short" "$troupe" check text.toml

file tasks.toml <<EOF
modules = ["$modules/tasks.so"]
[pool.a]
initializer = ["set_greetings", "hi"]
finalizer = "twice"
[job.x]
task = "ad"
[job.y]
task = "task:add"
[job.z]
task = "tasks:add"
EOF
expect "tasks that are not there" 2 \
'tasks.toml:3:15: pool.a.initializer: tasks.so: unknown task "set_greetings"; did you mean "set_greeting"?
tasks.toml:4:13: pool.a.finalizer: task "twice" must be a plain function
tasks.toml:6:8: job.x.task: tasks.so: unknown task "ad"; did you mean "add"?
tasks.toml:8:8: job.y.task: unknown module "task"; did you mean "tasks"?' \
  "$troupe" check tasks.toml

# -- includes -----------------------------------------------------------------------------------------------

mkdir conf.d
echo 'include = ["conf.d/*.toml"]' > main.toml
echo '[pool.a]
processes = 1' > conf.d/1.toml
echo '[pool.b]
processes = 1' > conf.d/2.toml
expect "files are included" 0 "main.toml: ok: 2 pools, 0 jobs" "$troupe" check main.toml
echo '[pool.a]
processes = 2
spares = "x"' > conf.d/2.toml
expect "two files give the same value" 2 \
'conf.d/2.toml:2:1: pool.a.processes: is given already, at conf.d/1.toml:2:13' \
  "$troupe" check main.toml
echo '[pool.b]
spares = "x"' > conf.d/2.toml
expect "an error in an included file names it" 2 \
'conf.d/2.toml:2:10: pool.b.spares: expected an integer, found a string' "$troupe" check main.toml
echo 'include = "../main.toml"' > conf.d/2.toml
expect "a circle" 2 \
'conf.d/2.toml:1:11: include: a circle: main.toml -> conf.d/2.toml -> conf.d/../main.toml' \
  "$troupe" check main.toml
echo 'include = ["conf.d/1.toml", "conf.d/1.toml", "nowhere.toml", 5]' > twice.toml
expect "a file is included twice" 2 \
'twice.toml:1:29: include: conf.d/1.toml is included already
twice.toml:1:46: include: nowhere.toml: cannot open: No such file or directory
twice.toml:1:62: include: expected a string, found an integer' "$troupe" check twice.toml

# -- the environment and the command line -------------------------------------------------------------------

file over.toml <<'EOF'
[pool.web-1]
processes = 2
[job.a]
command = ["echo"]
EOF
printed() { "$@" --print over.toml | grep -E '^(pool.web-1.processes|pool.web-1.restart.intensity|pool.web-1.start_timeout|job)'; }
expect "what is in force, and where it comes from" 0 \
'pool.web-1.processes = 5  # TROUPE_POOL_WEB_1_PROCESSES
pool.web-1.restart.intensity = 7  # TROUPE_POOL_WEB_1_RESTART_INTENSITY
pool.web-1.start_timeout = "1m"  # command line
job.a.command = ["echo"]  # over.toml:4:11
job.a.on_failure = "continue"  # default
job.a.timeout = "9s"  # TROUPE_JOB_A_TIMEOUT
job.a.expires = "0ms"  # default
job.a.idempotent = false  # default
job.a.priority = 0  # default
job.a.retries = 0  # default
job.a.in_flight = 4096  # default' \
  printed env TROUPE_POOL_WEB_1_PROCESSES=5 TROUPE_POOL_WEB_1_RESTART_INTENSITY=7 \
  TROUPE_POOL_WEB_1_START_TIMEOUT=2s TROUPE_JOB_A_TIMEOUT=9s \
  "$troupe" check --set pool.web-1.start_timeout=1m
expect "errors name the variable" 2 \
'TROUPE_POOL_WEB_1_PROCESES: pool.web-1.proceses: unknown key; did you mean "processes"?
TROUPE_POOL_WEB_1_SPARES: pool.web-1.spares: expected an integer, found a string
command line: pool.web-1.max_queue: must be 0 to 1000000000000, is -1' \
  env TROUPE_POOL_WEB_1_PROCESES=5 TROUPE_POOL_WEB_1_SPARES=many TROUPE_POOL_OTHER_X=1 \
  "$troupe" check over.toml --set pool.web-1.max_queue=-1
expect "assignments that are none" 2 \
'command line: "processes=4" is not like "pool.NAME.processes=4"
command line: pol.web-1: unknown key; did you mean "pool"?
command line: pool.web: no such pool; valid: web-1' \
  "$troupe" check over.toml --set processes=4 --set pol.web-1.processes=4 --set pool.web.processes=4

# -- the command line itself --------------------------------------------------------------------------------

expect "an option that is not there" 2 \
'troupe check: The following argument was not expected: --prnt; `troupe check --help` says more' \
  "$troupe" check --prnt
expect "a closed standard output" 5 "troupe check: cannot write to standard output" \
  bash -c '"$1" check good.toml > /dev/full' - "$troupe"
expect "what the machine offers" 0 "12" bash -c '"$1" check | grep -c "^# "' - "$troupe"

finish
