#!/usr/bin/env bash
# Signals while jobs run: what SIGHUP changes, and what Ctrl-C does.
. "$(dirname "$0")/support.sh"

cp "$modules/tasks.so" tasks.so

write_file() { # PROCESSES TIMEOUT IN_FLIGHT
  cat > jobs.toml <<EOF
modules = ["tasks.so"]
[pool.p]
processes = $1
[job.a]
task = "wait_for"
input = "names"
timeout = "$2"
in_flight = $3
EOF
}
until_says() { # PATTERN: waits until the run has said so
  for _ in $(seq 1 600); do # a guard against a hang, not a measure
    if grep -q -- "$1" errors; then return; fi
    kill -0 "$run" 2>/dev/null || break
    sleep 0.1
  done
  grep -q -- "$1" errors || { echo "FAILED: nothing said $1; it said:"; cat errors; failures=$((failures + 1)); }
}
until_true() { # NAME COMMAND...: waits until the command succeeds
  local name=$1
  shift
  for _ in $(seq 1 600); do # a guard as well
    if "$@"; then return; fi
    sleep 0.1
  done
  echo "FAILED: $name; it said:"
  cat errors
  failures=$((failures + 1))
}
has_children() { # COUNT
  [ "$(pgrep -P "$run" | wc -l)" = "$1" ]
}
start() {
  rm -f names go
  mkfifo names
  : > errors
  "$troupe" run jobs.toml > output 2> errors &
  run=$!
  exec 3> names
}

# The first item is done, so all is set up; the second waits.
write_file 1 0s 8
touch here
start
echo here >&3
echo go >&3
for _ in $(seq 1 600); do grep -q here output && break; sleep 0.1; done

write_file 2 9s 9
kill -HUP "$run"
until_says 'job.a.in_flight: 8 is now 9, needs a restart'
until_says 'job.a.timeout: "0s" is now "9s", applied'
until_says 'pool.p.processes: 1 is now 2, applied'
kill -HUP "$run"
until_says 'the file has been read again, and nothing in it has changed'
touch -d '2 hours' tasks.so
kill -HUP "$run"
until_says 'tasks.so: a new file, needs recycling: children are replaced, one after the other'
until_true "the child that waits stays until it is done, and has a successor" has_children 3
write_file many 9s 9
kill -HUP "$run"
until_says 'the file is as it was, since there is something wrong with it now:'
until_says '^jobs.toml:3:13: '
cp "$modules/crashes.so" broken.so && mv broken.so tasks.so
write_file 2 9s 9
kill -HUP "$run"
until_says 'tasks.so: the process that loaded it was ended by signal 6'
cp "$modules/hangs.so" broken.so && mv broken.so tasks.so
kill -HUP "$run"
until_true "a module hangs while it is loaded" [ -e loading ]
cp "$modules/tasks.so" whole.so && touch -d '3 hours' whole.so && mv whole.so tasks.so

# The first Ctrl-C reads no more, and waits for what has begun: also while a module hangs.
kill -INT "$run"
until_says 'reads no more input and finishes what has begun; once more ends everything'
expect "nobody has given up the module by then" 1 "" grep 'has not been loaded within' errors
touch go may_load
wait "$run"
expect "drained: exit code 3" 0 "3" echo $?
expect "what had begun was finished" 0 $'here\ngo' cat output
exec 3>&-

# What children have is changed by replacing them, and no item is lost.
write_greeting() { # TEXT
  cat > jobs.toml <<EOF
modules = ["tasks.so"]
[pool.p]
processes = 3
initializer = ["set_greeting", "$1"]
[job.a]
task = "say"
input = "names"
EOF
}
write_greeting hello
start
items=0
give() { # an item, whose result is waited for
  items=$((items + 1))
  echo "$items" >&3
  until_true "item $items is done" bash -c '[ "$(wc -l < output)" -ge '"$items"' ]'
}
give
some_live() { # PIDS...
  for pid in "$@"; do kill -0 "$pid" 2> /dev/null && return; done
  return 1
}
old=$(pgrep -P "$run")
write_greeting bye
kill -HUP "$run"
until_says 'pool.p.initializer: \["set_greeting", "hello"\] is now \["set_greeting", "bye"\], needs recycling: children are replaced, one after the other'
# Items are done all the while, and then by the new ones.
for _ in $(seq 1 600); do
  give
  ! some_live $old || continue
  break
done
give
expect "children with the new initializer took over" 0 "bye $items" tail -n 1 output
expect "and nothing was lost on the way" 0 "$(seq "$items")" sed 's/.* //' output
expect "what was said before, and then" 0 $'hello\nbye' bash -c 'sed "s/ .*//" output | sort -r -u'
# One that throws: it holds up the others, until it is mended.
sed -i 's/"bye"/5/' jobs.toml
kill -HUP "$run"
until_says 'pool.p.initializer: .* is now \["set_greeting", 5\], needs recycling'
until_says 'could not start'
give
write_greeting again
kill -HUP "$run"
until_says 'is now \["set_greeting", "again"\], needs recycling'
for _ in $(seq 1 600); do
  give
  [ "$(tail -n 1 output)" != "again $items" ] || break
done
expect "it goes on with what was mended" 0 "again $items" tail -n 1 output
exec 3>&-
wait "$run"
expect "all is well in the end" 0 "0" echo $?
expect "and no item was lost" 0 "$(seq "$items")" sed 's/.* //' output

# What does not fit to what only a restart changes, and what is of a pool that is gone, needs a restart. The run goes on.
write_pool() { # NAME PROCESSES UMASK
  cat > jobs.toml <<EOF
modules = ["tasks.so"]
[pool.$1]
processes = $2
queuecount = $2
umask = "$3"
[job.a]
task = "wait_for"
input = "names"
EOF
}
write_pool p 4 077
start
echo here >&3
for _ in $(seq 1 600); do grep -q here output && break; sleep 0.1; done
write_pool p 2 077
kill -HUP "$run"
until_says 'pool.p.processes: 4 is now 2, needs a restart'
until_says 'pool.p.queuecount: 4 is now 2, needs a restart'
write_pool q 2 077
kill -HUP "$run"
until_says 'pool.p.processes: 2 is gone, needs a restart'
until_says 'pool.p.umask: .* is gone, needs a restart'
touch -d '4 hours' tasks.so
kill -HUP "$run"
until_says 'tasks.so: a new file, needs a restart'
exec 3>&-
wait "$run"
expect "all is well in the end" 0 "0" echo $?

# The second one ends everything.
write_file 1 0s 8
start
echo here >&3
echo go >&3
for _ in $(seq 1 600); do grep -q here output && break; sleep 0.1; done
kill -INT "$run"
until_says 'reads no more'
kill -TERM "$run"
wait "$run"
expect "ended: 128 and the signal" 0 "143" echo $?
exec 3>&-

finish
