# What is installed, in components: `runtime`, which programs need to run, `development`, `tools` (apps/CMakeLists.txt)
# and `documentation` (troupe_docs.cmake).
include(CMakePackageConfigHelpers)

# -- what pkg-config says of what the library is built on ---------------------------------------------------
foreach(directory ${CAF_INCLUDE_DIR} ${Boost_INCLUDE_DIRS})
  if(NOT directory IN_LIST CMAKE_CXX_IMPLICIT_INCLUDE_DIRECTORIES)
    string(APPEND TROUPE_PC_CFLAGS " -isystem ${directory}")
  endif()
endforeach()
get_filename_component(caf_library_dir ${CAF_CORE_LIBRARY} DIRECTORY)
foreach(directory ${caf_library_dir} ${Boost_LIBRARY_DIRS})
  if(NOT directory IN_LIST CMAKE_CXX_IMPLICIT_LINK_DIRECTORIES)
    string(APPEND TROUPE_PC_LIBS " -L${directory}")
  endif()
endforeach()
string(APPEND TROUPE_PC_LIBS " -lcaf_core -lboost_filesystem")
# A static library is linked with what only its implementation uses; a shared one has it already.
if(NOT BUILD_SHARED_LIBS)
  set(TROUPE_PC_REQUIRES "spdlog tomlplusplus libdw")
  set(TROUPE_FIND_PRIVATE_DEPENDENCIES "troupe_find(tomlplusplus)")
endif()

# troupe_install_library(PREFIX LIBDIR [EXCLUDE_FROM_ALL]): the library, its headers and manual page, and the packages
# for CMake and pkg-config, as components PREFIXruntime and PREFIXdevelopment. The packages find the rest from where
# they lie, so that the whole prefix can be moved.
function(troupe_install_library prefix libdir)
  set(to_development COMPONENT ${prefix}development ${ARGN})
  set(made ${CMAKE_CURRENT_BINARY_DIR}/${prefix}install)
  set(package_dir ${libdir}/cmake/troupe)

  install(TARGETS troupe troupe_module_headers EXPORT ${prefix}troupe
    LIBRARY DESTINATION ${libdir} COMPONENT ${prefix}runtime NAMELINK_COMPONENT ${prefix}development ${ARGN}
    ARCHIVE DESTINATION ${libdir} ${to_development})
  install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/troupe DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} ${to_development})
  install(FILES ${PROJECT_SOURCE_DIR}/src/packaging/troupe.7 DESTINATION ${CMAKE_INSTALL_MANDIR}/man7 ${to_development})

  install(EXPORT ${prefix}troupe NAMESPACE troupe:: DESTINATION ${package_dir} FILE troupe-targets.cmake
    ${to_development})
  configure_package_config_file(${PROJECT_SOURCE_DIR}/src/cmake/troupe-config.cmake.in ${made}/troupe-config.cmake
    INSTALL_DESTINATION ${package_dir} NO_CHECK_REQUIRED_COMPONENTS_MACRO)
  write_basic_package_version_file(${made}/troupe-config-version.cmake COMPATIBILITY SameMinorVersion)
  install(FILES
    ${made}/troupe-config.cmake
    ${made}/troupe-config-version.cmake
    ${PROJECT_SOURCE_DIR}/src/cmake/troupe_dependencies.cmake
    ${PROJECT_SOURCE_DIR}/src/cmake/FindCAF.cmake
    ${PROJECT_SOURCE_DIR}/src/cmake/Findlibdw.cmake
    DESTINATION ${package_dir} ${to_development})

  set(TROUPE_PC_LIBDIR ${libdir})
  cmake_path(ABSOLUTE_PATH libdir BASE_DIRECTORY ${CMAKE_INSTALL_PREFIX} OUTPUT_VARIABLE full_libdir)
  file(RELATIVE_PATH to_prefix ${full_libdir}/pkgconfig ${CMAKE_INSTALL_PREFIX})
  string(REGEX REPLACE "/$" "" TROUPE_PC_PREFIX "\${pcfiledir}/${to_prefix}")
  configure_file(${PROJECT_SOURCE_DIR}/src/cmake/troupe.pc.in ${made}/troupe.pc @ONLY)
  install(FILES ${made}/troupe.pc DESTINATION ${libdir}/pkgconfig ${to_development})
endfunction()

troupe_install_library("" ${CMAKE_INSTALL_LIBDIR})
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE ${PROJECT_SOURCE_DIR}/README.md ${PROJECT_SOURCE_DIR}/CHANGELOG.md
  DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT development)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/config/ DESTINATION ${CMAKE_INSTALL_DATADIR}/troupe/config
  COMPONENT development)

# What Debian's packages have in folders of their own, whatever the prefix is that this was configured with: they are
# made from any build, and `cmake --install` leaves this out.
if(PROJECT_IS_TOP_LEVEL)
  cmake_path(APPEND debian_libdir lib "${CMAKE_LIBRARY_ARCHITECTURE}")
  troupe_install_library(debian- ${debian_libdir} EXCLUDE_FROM_ALL)
endif()
