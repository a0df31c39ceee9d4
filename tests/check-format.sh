#!/usr/bin/env bash
# Fails if a source file is not as .clang-format says, and shows how it should be.
#   tests/check-format.sh [CLANG_FORMAT]
set -euo pipefail
cd "$(dirname "$0")/.."
find include src apps tests -name '*.[ch]pp' -print0 | xargs -0 "${1:-clang-format}" --dry-run --Werror
