#!/usr/bin/env bash
# Installs what is missing, builds, and runs every test: the release preset, then the asan preset.
#   tests/run.sh            both
#   tests/run.sh release    one preset
set -euo pipefail
cd "$(dirname "$0")/.."
apps/install-dependencies.sh
presets=("$@")
[ ${#presets[@]} -gt 0 ] || presets=(release asan)
for preset in "${presets[@]}"; do
  cmake --preset "$preset" -DTROUPE_BUILD_TESTS=ON --log-level=WARNING >/dev/null
  cmake --build --preset "$preset"
  ctest --preset "$preset"
done
