# Finds CAF where it has no CMake package of its own, as Debian's 0.17: CAF_INCLUDE_DIR and CAF_CORE_LIBRARY.
find_path(CAF_INCLUDE_DIR caf/all.hpp)
find_library(CAF_CORE_LIBRARY caf_core)
if(CAF_INCLUDE_DIR AND EXISTS "${CAF_INCLUDE_DIR}/caf/config.hpp")
  # CAF_VERSION is major * 10000 + minor * 100 + patch.
  file(STRINGS "${CAF_INCLUDE_DIR}/caf/config.hpp" caf_version REGEX "#define CAF_VERSION [0-9]+")
  string(REGEX MATCH "[0-9]+$" caf_version "${caf_version}")
  if(caf_version)
    math(EXPR caf_major "${caf_version} / 10000")
    math(EXPR caf_minor "${caf_version} / 100 % 100")
    math(EXPR caf_patch "${caf_version} % 100")
    set(CAF_VERSION "${caf_major}.${caf_minor}.${caf_patch}")
  endif()
endif()
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(CAF
  REQUIRED_VARS CAF_CORE_LIBRARY CAF_INCLUDE_DIR VERSION_VAR CAF_VERSION HANDLE_VERSION_RANGE
  REASON_FAILURE_MESSAGE "install libcaf-dev, or set CAF_INCLUDE_DIR and CAF_CORE_LIBRARY")
mark_as_advanced(CAF_INCLUDE_DIR CAF_CORE_LIBRARY)
