#pragma once

#include <troupe/detail/compiler.hpp>

#include <caf/config.hpp>

// What differs between the versions of CAF and public headers need: both files say the same of theirs. Nothing
// else in the public headers asks for the version.
#if !defined(CAF_VERSION_MAJOR)
#include <troupe/detail/caf_0.hpp> // 0.17
#elif CAF_VERSION_MAJOR == 1
#include <troupe/detail/caf_1.hpp>
#else
#error                                                                                             \
  "troupe works with CAF 0.17 and 1.x: install one of these, and name its prefix in CMAKE_PREFIX_PATH"
#endif
