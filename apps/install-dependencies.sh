#!/usr/bin/env bash
# Installs what building and testing troupe needs on Debian 12. Says and does nothing if all of it is there.
set -euo pipefail
packages=(
  g++ cmake ninja-build pkg-config ca-certificates
  libcaf-dev libboost1.81-dev libboost-filesystem1.81-dev libspdlog-dev libtomlplusplus-dev
  libbackward-cpp-dev libdw-dev libelf-dev libcli11-dev libxml2-dev nlohmann-json3-dev libsqlite3-dev libncurses-dev
  catch2 libgtest-dev doctest-dev libboost-test1.81-dev librapidcheck-dev
  doxygen valgrind strace gdb clang-14 clang-format-14 clang-tidy-14
  libzmq3-dev gnuplot-nox # for the benchmark, which does without them if it must
  dpkg-dev file lintian mmdebstrap groff-base
)
missing=()
for package in "${packages[@]}"; do
  state=$(dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null || true)
  [ "$state" = installed ] || missing+=("$package")
done
[ ${#missing[@]} -gt 0 ] || exit 0
echo "installing ${missing[*]}"
sudo=()
[ "$(id -u)" = 0 ] || sudo=(sudo)
export DEBIAN_FRONTEND=noninteractive
"${sudo[@]}" apt-get update -qq
"${sudo[@]}" apt-get install -qq -y --no-install-recommends "${missing[@]}" >/dev/null
