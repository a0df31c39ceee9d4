# Finds elfutils' library that reads debug information: LIBDW_LIBRARY.
find_library(LIBDW_LIBRARY dw)
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(libdw
  REQUIRED_VARS LIBDW_LIBRARY REASON_FAILURE_MESSAGE "install libdw-dev, or set LIBDW_LIBRARY")
mark_as_advanced(LIBDW_LIBRARY)
