# Finds what troupe is built on, and offers it as one interface target. Included by the build and by the
# installed package, each of which says with `troupe_find` what happens if something is missing.
list(PREPEND CMAKE_MODULE_PATH ${CMAKE_CURRENT_LIST_DIR})
troupe_find(Threads)
troupe_find(Boost 1.81 COMPONENTS filesystem)
troupe_find(spdlog)
if(NOT TROUPE_CAF_VERSION) # a build may demand one, and an installed package demands that which it was built with
  set(TROUPE_CAF_VERSION 0.17...<2)
endif()
troupe_find(CAF ${TROUPE_CAF_VERSION} MODULE)
troupe_find(libdw MODULE)
list(POP_FRONT CMAKE_MODULE_PATH)

# A sanitizer of threads has to see how the log synchronises: there the log is compiled with the program.
set(troupe_spdlog spdlog::spdlog)
if(TROUPE_SANITIZE MATCHES thread)
  set(troupe_spdlog spdlog::spdlog_header_only)
endif()

if(NOT TARGET troupe_dependencies)
  add_library(troupe_dependencies INTERFACE IMPORTED GLOBAL)
  target_include_directories(troupe_dependencies SYSTEM INTERFACE ${CAF_INCLUDE_DIR} ${Boost_INCLUDE_DIRS})
  target_link_libraries(troupe_dependencies INTERFACE
    ${CAF_LIBRARIES} Boost::filesystem ${troupe_spdlog} Threads::Threads ${LIBDW_LIBRARY} ${CMAKE_DL_LIBS})
endif()
