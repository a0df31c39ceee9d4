#!/usr/bin/env bash
# Two clients of the example server: one divides by zero, and both go on.
set -euo pipefail
"$1" --processes 1 --clients 2 > server.out &
server=$!
trap 'kill "$server" 2>/dev/null || true' EXIT
for _ in $(seq 1 600); do # a guard against a hang, not a measure
  port=$(sed -n 's/^listening on port //p' server.out)
  [ -z "$port" ] || break
  kill -0 "$server"
  sleep 0.1
done
exec 3<>"/dev/tcp/127.0.0.1/$port" 4<>"/dev/tcp/127.0.0.1/$port"
ask() { # DESCRIPTOR LINE
  echo "$2" >&"$1"
  read -r -t 60 answer <&"$1"
  echo "$2: $answer"
}
ask 3 "6 * 7"
ask 4 "1 / 0"
ask 3 "1 + 1"
ask 4 "seven"
ask 4 "8 / 2"
exec 3>&- 4>&-
wait "$server"
echo "the server has ended with $?"
