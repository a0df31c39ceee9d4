#!/usr/bin/env bash
# Compiles CAF (libcaf_core, and libcaf_io for a test) with the thread sanitizer into the directory PREFIX, which the
# tsan preset expects at build/caf-tsan: distributions compile it without, and then the sanitizer does not see what CAF
# synchronises. Says and does nothing if it is there.
#   tests/caf-tsan.sh PREFIX           fetches the source of the installed libcaf-dev, with apt-get, but not as root
#   tests/caf-tsan.sh PREFIX SOURCE    the source is the directory SOURCE
set -euo pipefail
mkdir -p "${1:?usage: tests/caf-tsan.sh PREFIX [SOURCE]}"
prefix=$(cd "$1" && pwd)
package=$(dpkg-query --show --showformat='${source:Package}=${source:Version}' libcaf-dev)
flags="-std=c++11 -O1 -g1 -fno-omit-frame-pointer -fsanitize=thread -Wno-tsan -include limits"
made_of="$package, c++ $(c++ -dumpfullversion), this script $(sha256sum <"$0")"
[ "$made_of" != "$(cat "$prefix/made_of" 2>/dev/null)" ] || exit 0

echo "compiling CAF with the thread sanitizer"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
source=${2:-$work/source}
if [ -z "${2:-}" ]; then
  # The system's lists of packages, but of their sources, in a place of our own: what the system has fetched stays.
  mkdir -p "$work/lists/partial" "$work/archive" "$work/parts" "$source"
  for list in /etc/apt/sources.list /etc/apt/sources.list.d/*; do
    [ -f "$list" ] || continue
    sed 's/^Types:.*/Types: deb-src/; s/^deb /deb-src /' "$list" >"$work/parts/$(basename "$list")"
  done
  options=(-qq -o Dir::Etc::SourceList=/dev/null -o "Dir::Etc::SourceParts=$work/parts" -o "Dir::State::Lists=$work/lists"
    -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= -o APT::Sandbox::User=)
  apt-get "${options[@]}" update
  (cd "$work/archive" && apt-get "${options[@]}" source --download-only --tar-only "$package" >/dev/null)
  tar -xf "$work"/archive/*.orig.tar.* -C "$source" --strip-components=1
fi

# As Debian configures it: build_config.hpp, on which the headers depend, comes out the same. One of libcaf_io's headers
# lacks <limits>, which Debian's patch adds.
cmake -G Ninja -S "$source" -B "$work/build" --log-level=WARNING -Wno-dev -DCMAKE_INSTALL_PREFIX="$prefix" \
  -DCMAKE_INSTALL_LIBDIR=lib -DCMAKE_BUILD_TYPE=None -DCMAKE_CXX_FLAGS="$flags" \
  -DCMAKE_UNITY_BUILD=ON -DCAF_NO_{TOOLS,PYTHON,OPENCL,OPENSSL,EXAMPLES,UNIT_TESTS,SUMMARY}=yes >/dev/null
cmake --build "$work/build"
cmake --install "$work/build" >/dev/null
echo "$made_of" >"$prefix/made_of"
