#!/usr/bin/env bash
# Installs what is missing, builds, and runs every test: the release preset, then the asan preset. The release
# preset begins with clang-tidy on what differs from the commit in TIDY_BASE (without it: the one before HEAD).
#   tests/run.sh            both
#   tests/run.sh release    one preset
#   tests/run.sh tsan       the thread sanitizer, which is not among the two
#   tests/run.sh caf1       with the CAF 1.x that is installed in TROUPE_CAF_PREFIX, neither
set -euo pipefail
cd "$(dirname "$0")/.."
apps/install-dependencies.sh
presets=("$@")
[ ${#presets[@]} -gt 0 ] || presets=(release asan)
for preset in "${presets[@]}"; do
  if [ "$preset" = caf1 ] && [ -z "${TROUPE_CAF_PREFIX:-}" ]; then
    echo "preset caf1 needs a CAF 1.x: install one, shared and with its io module, and set TROUPE_CAF_PREFIX to the prefix where it is" >&2
    exit 1
  fi
  if [ "$preset" = tsan ]; then
    tests/caf-tsan.sh build/caf-tsan
  fi
  cmake --preset "$preset" -DTROUPE_BUILD_TESTS=ON --log-level=WARNING >/dev/null
  if [ "$preset" = release ]; then
    tests/check-tidy.sh ${TIDY_BASE:+"$TIDY_BASE"}
  fi
  cmake --build --preset "$preset"
  ctest --preset "$preset"
done
