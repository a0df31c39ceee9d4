# Finds CAF: 1.x by the CMake package that it installs, 0.17, which has none, by its header and library.
#   CAF_VERSION        what is there
#   CAF_LIBRARIES      what to link
#   CAF_INCLUDE_DIR    where its headers are: to come before the system's, which may be those of another version
#   CAF_CORE_LIBRARY   the library's file
if(NOT CAF_INCLUDE_DIR)
  find_package(CAF QUIET CONFIG GLOBAL)
endif()
if(TARGET CAF::core)
  set(CAF_LIBRARIES CAF::core)
  get_target_property(CAF_INCLUDE_DIR CAF::core INTERFACE_INCLUDE_DIRECTORIES)
  get_target_property(CAF_CORE_LIBRARY CAF::core LOCATION)
else()
  find_path(CAF_INCLUDE_DIR caf/all.hpp)
  find_library(CAF_CORE_LIBRARY caf_core)
  set(CAF_LIBRARIES ${CAF_CORE_LIBRARY})
  mark_as_advanced(CAF_INCLUDE_DIR CAF_CORE_LIBRARY)
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
endif()
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(CAF
  REQUIRED_VARS CAF_CORE_LIBRARY CAF_INCLUDE_DIR VERSION_VAR CAF_VERSION HANDLE_VERSION_RANGE
  REASON_FAILURE_MESSAGE "install libcaf-dev, which is 0.17, or set CAF_INCLUDE_DIR and CAF_CORE_LIBRARY. For CAF 1.x name the prefix where it is installed in CMAKE_PREFIX_PATH, or with preset caf1 in the environment variable TROUPE_CAF_PREFIX")
