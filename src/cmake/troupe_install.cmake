# What is installed, in two components: `runtime`, which programs need to run, and `development`.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)
set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/troupe)

install(TARGETS troupe EXPORT troupe
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT runtime NAMELINK_COMPONENT development
  ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT development)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/troupe DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
  COMPONENT development)
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE ${PROJECT_SOURCE_DIR}/README.md ${PROJECT_SOURCE_DIR}/CHANGELOG.md
  DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT development)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/config/ DESTINATION ${CMAKE_INSTALL_DATADIR}/troupe/config
  COMPONENT development)

# -- the CMake package ------------------------------------------------------------------------------------
# A static library is linked with what only its implementation uses; a shared one has it already.
if(NOT BUILD_SHARED_LIBS)
  set(TROUPE_FIND_PRIVATE_DEPENDENCIES "troupe_find(tomlplusplus)")
endif()
install(EXPORT troupe NAMESPACE troupe:: DESTINATION ${package_dir} FILE troupe-targets.cmake
  COMPONENT development)
configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/troupe-config.cmake.in troupe-config.cmake
  INSTALL_DESTINATION ${package_dir} NO_CHECK_REQUIRED_COMPONENTS_MACRO)
write_basic_package_version_file(troupe-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES
  ${CMAKE_CURRENT_BINARY_DIR}/troupe-config.cmake
  ${CMAKE_CURRENT_BINARY_DIR}/troupe-config-version.cmake
  ${CMAKE_CURRENT_LIST_DIR}/troupe_dependencies.cmake
  ${CMAKE_CURRENT_LIST_DIR}/FindCAF.cmake
  ${CMAKE_CURRENT_LIST_DIR}/Findlibdw.cmake
  DESTINATION ${package_dir} COMPONENT development)

# -- pkg-config -------------------------------------------------------------------------------------------
# Found from where the file lies, so that the whole prefix can be moved.
file(RELATIVE_PATH to_prefix ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig ${CMAKE_INSTALL_PREFIX})
string(REGEX REPLACE "/$" "" TROUPE_PC_PREFIX "\${pcfiledir}/${to_prefix}")
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
if(NOT BUILD_SHARED_LIBS)
  set(TROUPE_PC_REQUIRES "spdlog tomlplusplus libdw")
endif()
configure_file(${CMAKE_CURRENT_LIST_DIR}/troupe.pc.in troupe.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/troupe.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig
  COMPONENT development)
