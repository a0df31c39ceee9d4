#!/usr/bin/env bash
# Usage: run.sh BUILD SOURCE COMPILER
# Installs the library from BUILD and uses it in each way that README names.
set -euo pipefail
build=$1 source=$2 compiler=$3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
prefix=$work/prefix

configure() { # configure PROJECT DIRECTORY OPTIONS...
  cmake -G Ninja -S "$source/tests/install/$1" -B "$work/$2" -DCMAKE_CXX_COMPILER="$compiler" \
    -DCMAKE_PREFIX_PATH="$prefix" "${@:3}"
}
fail() {
  echo "$*" >&2
  exit 1
}
expect() { # expect FILE TEXT: FILE has it, however the lines are broken
  tr -s '\n ' ' ' <"$1" | grep -qF "$2" || fail "missing in $(basename "$1"): $2"$'\n'"$(cat "$1")"
}

cmake --install "$build" --prefix "$prefix" >/dev/null
[ "$(find "$prefix" -name libtroupe.a | wc -l)" = 1 ] || fail "the library is not installed once"
for file in LICENSE README.md CHANGELOG.md; do
  [ -s "$prefix/share/doc/troupe/$file" ] || fail "$file is not installed"
done
[ -s "$prefix/share/troupe/config/troupe.toml" ] || fail "the configuration files are not installed"
[ -s "$prefix/share/man/man7/troupe.7" ] || fail "the manual page is not installed"

echo "-- a project that finds the package"
configure consumer found -DHOW=found >/dev/null
cmake --build "$work/found"
(cd "$work" && found/consumer && found/precompiled)

echo "-- what is said where something is missing"
configure missing missing >"$work/missing.log" 2>&1 || fail "$(cat "$work/missing.log")"
for dependency in Threads Boost spdlog CAF libdw tomlplusplus; do
  reason="troupe could not be found because dependency $dependency could not be found."
  expect "$work/missing.log" "$reason"
  [ "$(tr -s '\n ' ' ' <"$work/missing.log" | grep -oF "$reason" | wc -l)" = 1 ] || fail "QUIET is not quiet"
done
expect "$work/missing.log" 'troupe has no component "teleport"; there are coroutine, actor and config.'
if CMAKE_PREFIX_PATH='' configure missing required -DREQUIRED=ON >"$work/required.log" 2>&1; then
  fail "troupe was found without CAF"
fi
expect "$work/required.log" "troupe could not be found because dependency CAF could not be found."
expect "$work/required.log" "install libcaf-dev, which is 0.17, or set CAF_INCLUDE_DIR and CAF_CORE_LIBRARY"

echo "-- README's first program, with pkg-config"
PKG_CONFIG_PATH=$(dirname "$(find "$prefix" -name troupe.pc)") # lib may be lib/x86_64-linux-gnu
export PKG_CONFIG_PATH
version=$(sed -n 's/.*TROUPE_VERSION_STRING "\(.*\)"/\1/p' "$prefix/include/troupe/version.hpp")
[ "$(pkg-config --modversion troupe)" = "$version" ] || fail "pkg-config has another version than version.hpp"
# shellcheck disable=SC2046,SC2086
"$compiler" -std=c++20 "$build/tests/readme/first_program.cpp" $(pkg-config --cflags --libs troupe) \
  -o "$work/first_program"
"$work/first_program" | tee "$work/first_program.log"
expect "$work/first_program.log" "9 1 4 9 hello Ada hello Grace lost to signal 6"

# In these ways the library is compiled by its user. That it can be is what the other tests show: here it is
# configured, and one layer is compiled.
echo "-- a project with the library as a subdirectory"
configure consumer subdirectory -DHOW=subdirectory -DTROUPE_SOURCE="$source" >/dev/null
cmake --build "$work/subdirectory" --target troupe_base
echo "-- a project that fetches it"
tar -C "$source" --exclude=./build --exclude=./.git -czf "$work/troupe.tar.gz" .
configure consumer fetched -DHOW=fetched -DTROUPE_SOURCE="$work/troupe.tar.gz" >/dev/null
cmake --build "$work/fetched" --target troupe_base
echo "installed, found, linked and run"
