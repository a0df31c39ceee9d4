#!/usr/bin/env bash
# Makes the Debian packages, installs them into a fresh Debian 12, and follows README there: builds its first program in
# both of the ways that it gives, and runs it and the programs of troupe-tools.
#   tests/packages.sh          builds what is packaged with the release preset, and then the reference
#   tests/packages.sh BUILD    packages what has been built in BUILD
# The release preset is what is right to package: optimised, with assertions, which stay on by design, and with no other
# instrumentation. cpack removes its debug information. Its library is static, so the packages are libtroupe-dev,
# troupe-tools and libtroupe-doc; BUILD may also have been configured with BUILD_SHARED_LIBS, and then they are
# libtroupe0.1, libtroupe-dev and libtroupe-doc.
#
# The fresh system comes from where this one's packages come from, so it needs root, mmdebstrap and a network; where it
# cannot be made, the packages are made and checked all the same, and the exit code is 77. The first run fetches some
# 130 MB, and a later one only what is new. It needs 1.5 GB in BUILD/fresh-debian, of which 350 MB are kept.
set -euo pipefail
source=$(realpath "$(dirname "$0")/..")
build=$(realpath -m "${1:-$source/build/release}")
packages=$build/packages
cache=$build/fresh-debian
root=$cache/root
log=$cache/log
bounded="timeout --foreground --kill-after=10 900" # no step takes longer, however busy the machine is
trap 'rm -rf "$root" "$cache/base.new"' EXIT

fail() {
  echo "$*" >&2
  exit 1
}
skip() {
  echo "The packages were made, but not installed anywhere: $*"
  exit 77
}
quietly() { # quietly COMMAND...: its output is shown if it fails
  $bounded "$@" >"$log" 2>&1 </dev/null || fail "$(tail -n 50 "$log")"$'\n'"failed: $*"
}
inside() { # inside COMMANDS: in the fresh system. What they mount, and who still runs, ends with them.
  $bounded unshare --mount --pid --fork --kill-child --root="$root" --mount-proc env -i \
    PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive \
    ${http_proxy:+http_proxy="$http_proxy"} ${https_proxy:+https_proxy="$https_proxy"} \
    bash -euc "cd /troupe; $1" </dev/null
}
inside_quietly() { # the same; the output is shown if it fails
  inside "$@" >"$log" 2>&1 || fail "$(tail -n 50 "$log")"$'\n'"failed in the fresh system: $1"
}
example() { # example NAME: the code in README that has this name
  sed -n "/<!-- example: $1 -->/,/^ *\`\`\`\$/p" "$source/README.md" | sed '/<!--/d; /^ *```/d' | grep . ||
    fail "README.md has no example named $1"
}

make_packages() {
  rm -rf "$packages"
  (cd "$build" && quietly cpack -B "$packages")
  rm -rf "$packages/_CPack_Packages"
  for package in "$packages"/*.deb; do
    echo "-- $(basename "$package")"
    dpkg-deb --field "$package" Depends
  done
  if command -v lintian >/dev/null; then
    # Not for these packages: the first version of one in Debian itself answers a wish in its list of bugs, and has
    # a trigger only, where cpack writes a script beside it.
    lintian --allow-root --profile debian --fail-on error,warning \
      --suppress-tags initial-upload-closes-no-bugs,maintscript-calls-ldconfig "$packages"/*.deb
    echo "-- lintian has no objection"
  fi
}

# Sets `sources`, the files in which apt is told where Debian is, and `keys`, the files of keys that they name.
find_debian() {
  [ "$(. /etc/os-release && echo "$ID $VERSION_CODENAME")" = "debian bookworm" ] ||
    skip "they need Debian 12, and were made on another system"
  [ "$(id -u)" = 0 ] || skip "only root can make a fresh system"
  command -v mmdebstrap >/dev/null || skip "mmdebstrap is not installed; apps/install-dependencies.sh does it"
  unshare --mount --pid --fork true 2>/dev/null || skip "mounting is not allowed here"
  [ "$(df --output=avail -B1M "$build" | tail -n 1)" -gt 2500 ] || skip "they need 2.5 GB of disk space in $build"
  local mirror debian=('Created-By: Packages' 'Origin: Debian')
  [ -n "$(apt-get indextargets "${debian[@]}")" ] || $bounded apt-get update -qq || skip "apt-get update fails"
  mirror=$(apt-get indextargets --format '$(REPO_URI)' "${debian[@]}" 'Codename: bookworm' | sed -n 1p)
  mirror=${mirror%/}
  [[ "$mirror" = http* ]] || skip "apt's sources have no mirror of Debian 12 that is reached by http or https"
  $bounded /usr/lib/apt/apt-helper download-file "$mirror/dists/bookworm/InRelease" "$cache/InRelease" >"$log" 2>&1 ||
    skip "$mirror cannot be reached: $(tail -n 1 "$log")"
  mapfile -t sources < <(apt-get indextargets --format '$(SOURCESENTRY)' "${debian[@]}" | sed 's/:[0-9]*$//' | sort -u)
  mapfile -t keys < <(sed -n 's/.*[Ss]igned-[Bb]y[:=] *\(\/[^], ]*\).*/\1/p' "${sources[@]}" | sort -u)
  eval "$(apt-config shell http_proxy Acquire::http::Proxy https_proxy Acquire::https::Proxy)"
  export http_proxy=${http_proxy:-} https_proxy=${https_proxy:-}
}

# A copy of a minimal Debian, which is made once.
make_fresh_system() {
  rm -rf "$root"
  if [ ! -d "$cache/base" ]; then
    rm -rf "$cache/base.new"
    $bounded unshare --mount mmdebstrap --mode=root --variant=minbase --include=ca-certificates bookworm \
      "$cache/base.new" "${sources[@]}" >"$log" 2>&1 </dev/null ||
      skip "a fresh system cannot be made: $(tail -n 20 "$log")"
    mv "$cache/base.new" "$cache/base"
  fi
  cp -a --reflink=auto "$cache/base" "$root"
  cp /etc/resolv.conf "$root/etc/resolv.conf"
  [ ${#keys[@]} = 0 ] || cp --parents "${keys[@]}" "$root"
  cp -a --no-clobber /etc/apt/trusted.gpg.d/. "$root/etc/apt/trusted.gpg.d"
  echo force-unsafe-io >"$root/etc/dpkg/dpkg.cfg.d/short-lived"
  echo 'APT::Install-Recommends "false"; APT::Get::Assume-Yes "true"; Dpkg::Use-Pty "false";' \
    >"$root/etc/apt/apt.conf.d/short-lived"
  mkdir -p "$cache/archives" "$root/troupe"
  cp -al --force "$cache/archives/." "$root/var/cache/apt/archives"
}
keep_archives() {
  inside_quietly 'apt-get autoclean'
  rm -rf "$cache/archives"
  mv "$root/var/cache/apt/archives" "$cache/archives"
  mkdir -p "$root/var/cache/apt/archives/partial"
}

check_first_program() { # check_first_program PROGRAM
  local said
  said=$(inside "$1") || fail "$1 failed: $said"
  [ "$(tr '\n' ' ' <<<"$said")" = "9 1 4 9 hello Ada hello Grace lost to signal 6 " ] || fail "$1 printed: $said"
}

if [ $# = 0 ]; then
  cmake --preset release -S "$source" --log-level=WARNING >/dev/null
  cmake --build "$build" --target troupe books bookshop troupe_bench docs
fi
mkdir -p "$cache"
make_packages
find_debian
echo "-- a fresh Debian 12"
make_fresh_system
cp "$packages"/*.deb "$root/troupe"
example first_program >"$root/troupe/first_program.cpp"
example cmake_project >"$root/troupe/CMakeLists.txt"

echo "-- $(example install_packages)"
inside_quietly 'apt-get update'
inside_quietly "$(example install_packages)"
keep_archives
for way in build_with_cmake build_with_pkg_config; do
  example $way | sed 's/^/-- /'
  inside_quietly "$(example $way)"
done
check_first_program build/first_program
check_first_program ./first_program

if [ -n "$(find "$packages" -name 'troupe-tools*')" ]; then
  echo "-- troupe-books"
  inside 'troupe-books --config /usr/share/doc/troupe-tools/examples/books.toml' 2>"$log.progress" | tee "$log" ||
    fail "$(cat "$log.progress")"
  grep -q "1000 books in books.csv" "$log" || fail "troupe-books did not find its books"
fi
inside_quietly 'apt-get remove "libtroupe*" "troupe*"'
left=$(inside 'find /usr -path "*troupe*"')
[ -z "$left" ] || fail "left behind: $left"
echo "packaged, installed, linked, run and removed"
