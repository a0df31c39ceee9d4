#!/bin/bash
# Shows that the simulation finds mistakes: each patch in planted/ puts one into a copy of the rules, and
# the simulation of that copy must fail. Prints what was found, and by which seed; exits with 0 only if all
# are.
#
#   tests/simulation/planted.sh [PATCH...]
#   tests/simulation/planted.sh --fit        only whether the patches fit the rules as they are, which takes a moment
#
# In the environment: TROUPE_BUILD, a build of the simulation whose objects may be used; CXX, the compiler;
# TROUPE_SEEDS, the largest number of seeds.
set -u
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)

# Says so if it cannot be done.
plant() { # PATCH FOLDER [OPTION]
  local problem
  problem=$(patch -s -p1 -d "$2" ${3:+"$3"} < "$1" 2>&1) && return
  printf '%s: does not apply any more:\n%s\n' "$(basename "$1" .patch)" "$problem" >&2
  return 1
}

missed=0
if [ "${1:-}" = --fit ]; then
  for patch in "$here"/planted/*.patch; do
    plant "$patch" "$root" --dry-run || missed=1
  done
  exit $missed
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
build=${TROUPE_BUILD:-$root/build/release}
compiler=${CXX:-c++}
flags=(-std=c++20 -O0 -I"$root/tests" -I"$work/src" -I"$root/src" -I"$root/include")

compile() { # SOURCE OBJECT
  "$compiler" "${flags[@]}" -c "$1" -o "$2" || { echo "cannot compile $1" >&2; exit 2; }
}

# Whether the build has made it of what there is now: of the headers, too.
is_new() { # OBJECT
  [ -e "$1" ] && [ -z "$(find "$root"/{include,src/{base,values,policy},tests/{simulation,support}} -newer "$1" -print -quit)" ]
}

# What the build has made already is not compiled again.
collect() { # SOURCE FOLDER-OF-OBJECTS
  local made="$build/$2/$(basename "$1").o" object="$work/objects/$(basename "$1").o"
  if is_new "$made"; then cp "$made" "$object"; else compile "$1" "$object"; fi
}

mkdir -p "$work/src" "$work/objects"
cp -r "$root/src/policy" "$work/src/policy"
for layer in base values policy; do
  for source in "$root/src/$layer"/*.cpp; do
    collect "$source" "src/$layer/CMakeFiles/troupe_$layer.dir"
  done
done
for source in "$here"/{checks,child,child_link,plan,pool_test,processes,world}.cpp; do
  collect "$source" tests/simulation/CMakeFiles/test_simulation.dir
done
collect "$root/tests/support/plain_main.cpp" tests/CMakeFiles/troupe_pure_main.dir/support

simulate() { # OBJECT...
  "$compiler" "$@" -o "$work/simulation" || exit 2
  "$work/simulation" "whatever happens to a pool*" 2>&1
}

if ! simulate "$work"/objects/*.o > "$work/out"; then
  echo "the simulation fails without any planted mistake:" >&2
  cat "$work/out" >&2
  exit 2
fi

patches=("$@")
[ $# -gt 0 ] || patches=("$here"/planted/*.patch)
for patch in "${patches[@]}"; do
  name=$(basename "$patch" .patch)
  rm -rf "$work/src/policy" "$work/patched"
  cp -r "$root/src/policy" "$work/src/policy"
  cp -r "$work/objects" "$work/patched"
  if ! plant "$patch" "$work"; then
    missed=1
    continue
  fi
  for source in "$work"/src/policy/*.cpp; do
    cmp -s "$source" "$root/src/policy/$(basename "$source")" ||
      compile "$source" "$work/patched/$(basename "$source").o"
  done
  if simulate "$work"/patched/*.o > "$work/out"; then
    echo "$name: NOT FOUND"
    missed=1
  else
    found=$(sed -n '/replay this with/,/before that\|child [0-9]\|task [0-9]/p' "$work/out" | head -2 | tr -s '\n ' ' ' |
      sed 's/ *replay this with //')
    echo "$name: ${found:-it ends the program: $(grep -m1 -i "assert\|contract\|SIG" "$work/out")}"
  fi
done
exit $missed
