# Finds what troupe is built on and offers it as one interface target. Also installed, so that
# find_package(troupe) finds the same.
find_package(Threads REQUIRED)
find_package(Boost 1.81 REQUIRED COMPONENTS filesystem)
find_package(spdlog REQUIRED)

# Debian's CAF 0.17 ships no CMake package file.
find_path(CAF_INCLUDE_DIR caf/all.hpp)
find_library(CAF_CORE_LIBRARY caf_core)
if(NOT CAF_INCLUDE_DIR OR NOT CAF_CORE_LIBRARY)
  message(FATAL_ERROR "troupe needs CAF 0.17: install libcaf-dev, or set CAF_INCLUDE_DIR and CAF_CORE_LIBRARY")
endif()

# A sanitizer of threads has to see how the log synchronises: there the log is compiled with the program.
set(troupe_spdlog spdlog::spdlog)
if(TROUPE_SANITIZE MATCHES thread)
  set(troupe_spdlog spdlog::spdlog_header_only)
endif()

if(NOT TARGET troupe_dependencies)
  add_library(troupe_dependencies INTERFACE IMPORTED GLOBAL)
  target_include_directories(troupe_dependencies SYSTEM INTERFACE ${CAF_INCLUDE_DIR} ${Boost_INCLUDE_DIRS})
  target_link_libraries(troupe_dependencies INTERFACE
    ${CAF_CORE_LIBRARY} Boost::filesystem ${troupe_spdlog} Threads::Threads dw ${CMAKE_DL_LIBS})
endif()
