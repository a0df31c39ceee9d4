#pragma once

/// Which troupe this is. Versions of one major and minor number can be exchanged without compiling a program
/// anew; before 1.0, a new minor number may change what programs use.
#define TROUPE_VERSION_MAJOR 0
#define TROUPE_VERSION_MINOR 1
#define TROUPE_VERSION_PATCH 0

/// One number to compare with: `#if TROUPE_VERSION >= 100` is 0.1.0 or later. 10000 times the major number, and
/// 100 times the minor one, and the patch.
#define TROUPE_VERSION                                                                             \
  (TROUPE_VERSION_MAJOR * 10000 + TROUPE_VERSION_MINOR * 100 + TROUPE_VERSION_PATCH)

/// The same as text.
#define TROUPE_VERSION_STRING "0.1.0"
