#!/usr/bin/env bash
# Usage: deb.sh BUILD
# Makes Debian packages of what is built in BUILD (configured with -DCMAKE_INSTALL_PREFIX=/usr), installs them into a
# fresh Debian 12, and builds and runs README's first program there, with the two commands that README names and
# with CMake. As root, with debootstrap and a network; takes some minutes, so no test of CTest's. DEBIAN_ROOT names a
# fresh root that is there already, which is used and kept.
set -euo pipefail
build=$(realpath "$1")
source=$(realpath "$(dirname "$0")/../..")
work=$(mktemp -d)
root=${DEBIAN_ROOT:-$work/root}
mounted=
finish() {
  [ -z "$mounted" ] || umount "$root/proc"
  rm -rf "$work"
}
trap finish EXIT

(cd "$build" && cpack -B "$work/packages" >"$work/cpack.log" 2>&1) || {
  cat "$work/cpack.log" >&2
  exit 1
}
for package in "$work"/packages/*.deb; do
  echo "-- $(basename "$package")"
  dpkg-deb --field "$package" Package Version Depends
done

if [ ! -d "$root/usr" ]; then
  echo "-- a fresh Debian 12"
  debootstrap --variant=minbase bookworm "$root" >"$work/debootstrap.log"
fi
cp /etc/resolv.conf "$root/etc/resolv.conf"
if ! [ -e "$root/proc/self" ]; then # a child executes /proc/self/exe
  mount -t proc proc "$root/proc"
  mounted=yes
fi
inside() {
  chroot "$root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive bash -euc "$1"
}
mkdir -p "$root/troupe/consumer"
cp "$work"/packages/*.deb "$root/troupe"
# README's first program: the first block of C++ after its marker.
sed -n '/<!-- example: first_program -->/,/^```$/p' "$source/README.md" | sed '/^<!--/d; /^```/d' \
  >"$root/troupe/first_program.cpp"
cp "$source"/tests/install/consumer/* "$root/troupe/consumer"

echo "-- the first command"
inside 'apt-get update -qq && apt-get install -qq -y -o Dpkg::Use-Pty=0 --no-install-recommends g++ pkg-config /troupe/*.deb >/dev/null'
echo "-- the second command"
inside 'cd /troupe && g++ -std=c++20 first_program.cpp $(pkg-config --cflags --libs troupe) -o first_program'
inside /troupe/first_program | tee "$work/said"
[ "$(tr '\n' ' ' <"$work/said")" = "9 1 4 9 hello Ada hello Grace lost to signal 6 " ]

echo "-- with CMake"
inside 'apt-get install -qq -y -o Dpkg::Use-Pty=0 --no-install-recommends cmake ninja-build >/dev/null'
inside 'cd /troupe && cmake -G Ninja -S consumer -B build -DHOW=found >/dev/null && cmake --build build >/dev/null && build/consumer'
inside 'apt-get remove -qq -y -o Dpkg::Use-Pty=0 "libtroupe*" >/dev/null && ! ls /usr/include/troupe /usr/share/troupe 2>/dev/null'
echo "packaged, installed, linked, run and removed"
