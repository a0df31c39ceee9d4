# For the tests of `troupe check` and `troupe run`: sourced, with the command and the folder of the modules as arguments.
# Each test runs in a folder of its own.
set -u
troupe=$(realpath "$1")
modules=${2:-}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder" || exit 1
failures=0

# expect NAME CODE OUTPUT COMMAND...: runs the command; its exit code, and what it writes to both streams, must be these.
expect() {
  local name=$1 code=$2 wanted=$3 found status
  shift 3
  found=$("$@" 2>&1)
  status=$?
  found=${found//"$folder/"/}
  found=${found//"$modules/"/}
  if [ "$status" != "$code" ] || [ "$found" != "$wanted" ]; then
    failures=$((failures + 1))
    printf 'FAILED: %s\n-- expected, exit code %s:\n%s\n-- found, exit code %s:\n%s\n' \
      "$name" "$code" "$wanted" "$status" "$found"
  fi
}

# file NAME: writes standard input to it.
file() {
  cat > "$1"
}

# without_times COMMAND...: what it writes to standard output, and then the rest, without troupe's log, times and numbers.
without_times() {
  local status
  "$@" > output 2> errors
  status=$?
  cat output
  sed -E '/^\[.*\] \[troupe\] /d; s/, in [0-9.]+ s$//; s/task [0-9]+/task N/; s/pid [0-9]+/pid N/' errors >&2
  return "$status"
}

finish() {
  [ "$failures" = 0 ] || { echo "$failures failed"; exit 1; }
  echo "all as expected"
}
