# `cpack` makes Debian packages, for Debian 12, of what has been built: libtroupe-dev, with the headers and the library,
# and where that is a shared one libtroupe0.1 with what programs need to run; troupe-tools, where the programs have been
# built; and libtroupe-doc, where the target `docs` has made the reference. Each package is one component of what is
# installed.
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_VENDOR "the troupe authors")
set(CPACK_PACKAGE_CONTACT "The troupe authors <authors@troupe.invalid>")
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "") # each package has a description of its own
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
  OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_PRE_BUILD_SCRIPTS ${CMAKE_CURRENT_LIST_DIR}/troupe_debian_files.cmake)
set(CPACK_PROJECT_CONFIG_FILE ${CMAKE_CURRENT_LIST_DIR}/troupe_debian_components.cmake)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS ON)
set(CPACK_COMPONENTS_ALL "")

# troupe_debian_package(COMPONENT NAME SECTION WHAT): one package, with the documents that each of Debian's has.
function(troupe_debian_package component name section what)
  set(to_package DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/${name} COMPONENT ${component} EXCLUDE_FROM_ALL)
  install(FILES ${PROJECT_SOURCE_DIR}/src/packaging/copyright ${PROJECT_BINARY_DIR}/debian/changelog.Debian ${to_package})
  install(FILES ${PROJECT_SOURCE_DIR}/CHANGELOG.md RENAME changelog ${to_package})
  list(APPEND CPACK_COMPONENTS_ALL ${component})
  set(CPACK_COMPONENTS_ALL ${CPACK_COMPONENTS_ALL} PARENT_SCOPE)
  string(TOUPPER CPACK_DEBIAN_${component} variable)
  set(${variable}_PACKAGE_NAME ${name} PARENT_SCOPE)
  set(${variable}_PACKAGE_SECTION ${section} PARENT_SCOPE)
  set(${variable}_DESCRIPTION "pool of supervised processes for C++ - ${what}\n${description}" PARENT_SCOPE)
endfunction()

set(debian_version ${PROJECT_VERSION}-${CPACK_DEBIAN_PACKAGE_RELEASE})
configure_file(${PROJECT_SOURCE_DIR}/src/packaging/changelog.in ${PROJECT_BINARY_DIR}/debian/changelog.Debian @ONLY)
set(description "troupe runs C++ functions, coroutines and actors on a pool of supervised child
processes of the same program. A task that crashes takes neither the pool nor
the program down with it.")

# The names of Debian 12. The headers include Asio and CAF; a static library is linked with the rest as well.
set(depends libboost1.81-dev libboost-filesystem1.81-dev libspdlog-dev libdw-dev)
if(TROUPE_CAF_API STREQUAL v0) # CAF 1.x is in no package
  list(PREPEND depends "libcaf-dev (>= 0.17.6)" "libcaf-dev (<< 0.18)")
endif()
if(BUILD_SHARED_LIBS)
  set(runtime_package libtroupe${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})
  troupe_debian_package(debian-runtime ${runtime_package} libs "shared library")
  set(CPACK_DEBIAN_DEBIAN-RUNTIME_PACKAGE_SHLIBDEPS ON)
  set(CPACK_DEBIAN_DEBIAN-RUNTIME_PACKAGE_CONTROL_EXTRA ${PROJECT_SOURCE_DIR}/src/packaging/triggers)
  list(APPEND depends "${runtime_package} (= ${debian_version})")
else()
  list(APPEND depends libtomlplusplus-dev)
endif()
troupe_debian_package(debian-development libtroupe-dev libdevel "development files")
list(JOIN depends ", " CPACK_DEBIAN_DEBIAN-DEVELOPMENT_PACKAGE_DEPENDS)
set(CPACK_DEBIAN_DEBIAN-DEVELOPMENT_PACKAGE_SUGGESTS "cmake, libtroupe-doc, pkg-config")
set(development_docs ${CMAKE_INSTALL_DATADIR}/doc/libtroupe-dev)
install(FILES ${PROJECT_SOURCE_DIR}/README.md
  DESTINATION ${development_docs} COMPONENT debian-development EXCLUDE_FROM_ALL)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/config/
  DESTINATION ${development_docs}/examples COMPONENT debian-development EXCLUDE_FROM_ALL)

if(TROUPE_BUILD_APPS AND NOT BUILD_SHARED_LIBS)
  troupe_debian_package(tools troupe-tools devel "benchmark and example programs")
  set(CPACK_DEBIAN_TOOLS_PACKAGE_SHLIBDEPS ON)
  install(FILES ${PROJECT_SOURCE_DIR}/config/books.toml
    DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/troupe-tools/examples COMPONENT tools EXCLUDE_FROM_ALL)
endif()
if(TARGET docs)
  troupe_debian_package(documentation libtroupe-doc doc "reference")
  set(CPACK_DEBIAN_DOCUMENTATION_PACKAGE_ARCHITECTURE all)
endif()
# Where this has not been built, there is no such package.
set(CPACK_TROUPE_NEEDED_FOR_tools ${PROJECT_BINARY_DIR}/apps/books/books
  ${PROJECT_BINARY_DIR}/apps/bookshop/bookshop ${PROJECT_BINARY_DIR}/apps/bench/troupe-bench)
set(CPACK_TROUPE_NEEDED_FOR_documentation ${PROJECT_BINARY_DIR}/docs/html/index.html)
include(CPack)
