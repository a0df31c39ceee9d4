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
until_says 'tasks.so: a new file, needs recycling: children that are started from now on load it'
write_file many 9s 9
kill -HUP "$run"
until_says 'the file is as it was, since there is something wrong with it now:'
until_says '^jobs.toml:3:13: '
expect "the pool has another child" 0 "2" bash -c 'pgrep -P '"$run"' | wc -l'

# The first Ctrl-C reads no more, and waits for what has begun.
kill -INT "$run"
until_says 'reads no more input and finishes what has begun; once more ends everything'
touch go
wait "$run"
expect "drained: exit code 3" 0 "3" echo $?
expect "what had begun was finished" 0 $'here\ngo' cat output
exec 3>&-

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
