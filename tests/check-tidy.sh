#!/usr/bin/env bash
# Runs clang-tidy on what has changed, and fails if it finds something.
#   tests/check-tidy.sh [BASE]     what differs from the commit BASE, which is the one before HEAD if it is not given
#   tests/check-tidy.sh --all      everything
# It looks at the batches of files that the release preset compiles together (run `cmake --preset release` first), so
# that headers are read once for each of them. A batch is looked at if it has a changed file; a header of its own
# counts for all batches of its room, a public one for those of src/api.
set -euo pipefail
cd "$(dirname "$0")/.."
build=build/release
tidy=${CLANG_TIDY:-clang-tidy-14}

changed_files() {
  if [ "${1:-}" = --all ]; then
    git ls-files
    return
  fi
  local base=${1:-HEAD~1}
  # A shallow clone may lack the commit before.
  git rev-parse --quiet --verify "$base^{commit}" >/dev/null ||
    git fetch --quiet --deepen=1 2>/dev/null || true
  if ! git rev-parse --quiet --verify "$base^{commit}" >/dev/null; then
    if [ -n "${1:-}" ]; then
      echo "tests/check-tidy.sh: there is no commit $base here: fetch it, or name another one" >&2
      return 1
    fi
    echo "tests/check-tidy.sh: there is no earlier commit to compare with; --all checks everything" >&2
    return 0
  fi
  git diff --name-only "$base"
  git ls-files --others --exclude-standard
}

batches_of() {
  local file=$1
  case $file in
    src/*.cpp | apps/*.cpp)
      grep -rlF --include='unity_*.cxx' "\"$PWD/$file\"" "$build/src" "$build/apps" ||
        # Compiled by itself; or not at all here, as what is for another version of CAF.
        if grep -qF "\"$PWD/$file\"" "$build/compile_commands.json"; then echo "$PWD/$file"; fi ;;
    src/*.hpp | apps/*.hpp) find "$build/$(cut -d / -f 1,2 <<<"$file")" -name 'unity_*.cxx' ;;
    include/*) find "$build/src/api" -name 'unity_*.cxx' ;;
  esac
}

changed=$(changed_files "$@")
batches=$(while read -r file; do batches_of "$file"; done <<<"$changed" | sort -u)
[ -n "$batches" ] || exit 0
echo "clang-tidy looks at $(wc -l <<<"$batches") batches"
xargs -P "$(nproc)" -n 1 "$tidy" -p "$build" --quiet <<<"$batches"
