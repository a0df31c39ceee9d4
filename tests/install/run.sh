#!/usr/bin/env bash
# Usage: run.sh BUILD SOURCE SANITIZERS
set -euo pipefail
build=$1 source=$2 sanitize=$3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cmake --install "$build" --prefix "$work/prefix" >/dev/null
flags=${sanitize:+-fsanitize=$sanitize}
configure() {
  cmake -G Ninja -S "$source/tests/install/consumer" -B "$1" -DCMAKE_CXX_FLAGS="$flags" "${@:2}" >/dev/null
}
configure "$work/found" -DCMAKE_PREFIX_PATH="$work/prefix"
cmake --build "$work/found"
(cd "$work" && found/consumer)
# As a subdirectory it must at least configure; building it is what the rest of the tests do.
configure "$work/nested" -DTROUPE_SOURCE="$source"
echo "installed, found, linked and run"
