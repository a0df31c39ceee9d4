# How every target of the project is compiled, and where its dependencies are found.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
if(NOT CMAKE_BUILD_TYPE AND PROJECT_IS_TOP_LEVEL)
  set(CMAKE_BUILD_TYPE RelWithDebInfo)
endif()
# Assertions stay on in release builds. Functions and lines are all that traces of crashes need of the
# debug information; the rest of it costs a third of the compiler's time.
string(REPLACE "-DNDEBUG" "" CMAKE_CXX_FLAGS_RELWITHDEBINFO "${CMAKE_CXX_FLAGS_RELWITHDEBINFO}")
string(REGEX REPLACE "-g( |$)" "-g1\\1" CMAKE_CXX_FLAGS_RELWITHDEBINFO "${CMAKE_CXX_FLAGS_RELWITHDEBINFO}")
if(TROUPE_SANITIZE)
  string(REGEX REPLACE "-g( |$)" "-g1\\1" CMAKE_CXX_FLAGS_DEBUG "${CMAKE_CXX_FLAGS_DEBUG}")
endif()

# Parent and children prove by the build id that they run the same image; functions cross as offsets
# into a position-independent image.
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_CXX_COMPILE_OPTIONS_PIE "-fPIC") # programs and libraries share precompiled headers
add_link_options(-Wl,--build-id)

if(TROUPE_SANITIZE)
  add_compile_options(-fsanitize=${TROUPE_SANITIZE} -fno-omit-frame-pointer -O1)
  add_link_options(-fsanitize=${TROUPE_SANITIZE})
  if(TROUPE_SANITIZE MATCHES thread)
    add_compile_options(-Wno-tsan) # it does not see fences: the link's are covered by tests
  endif()
  if(TROUPE_SANITIZE MATCHES undefined)
    add_compile_options(-fno-sanitize-recover=undefined)
  endif()
endif()

if(TROUPE_FUZZ) # what is compiled is observed, and the programs have libFuzzer's main
  add_compile_options(-fsanitize=fuzzer-no-link)
  add_link_options(-fsanitize=fuzzer-no-link)
endif()

macro(troupe_find)
  find_package(${ARGV} REQUIRED GLOBAL)
endmacro()
include(${CMAKE_CURRENT_LIST_DIR}/troupe_dependencies.cmake)

# Which directory of src/caf is built, and which versions of CAF the installed package goes with.
if(CAF_VERSION VERSION_LESS 0.18)
  set(TROUPE_CAF_API v0)
  set(TROUPE_CAF_RANGE 0.17...<0.18)
elseif(CAF_VERSION VERSION_GREATER_EQUAL 1)
  set(TROUPE_CAF_API v1)
  set(TROUPE_CAF_RANGE 1.0...<2)
else()
  message(FATAL_ERROR "CAF ${CAF_VERSION} was found, but troupe works with 0.17 and 1.x: name the prefix of one of these in CMAKE_PREFIX_PATH")
endif()

# Flags that apply to our own code only, never to those who link against us.
add_library(troupe_flags INTERFACE)
# g++ 12 inlines the operator new of Asio's coroutine frames and not their operator delete, and takes them for a
# mismatch.
target_compile_options(troupe_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual -Wcast-qual
  $<$<CXX_COMPILER_ID:GNU>:-Wno-mismatched-new-delete>
  $<$<BOOL:${TROUPE_DEVELOPER}>:-Werror>)
if(TROUPE_CAF_API STREQUAL v1) # which takes many calls of 0.17's interface still, and calls them deprecated
  target_compile_options(troupe_flags INTERFACE -Wno-deprecated-declarations)
endif()
if(TROUPE_SANITIZE) # where g++ 12 takes much in the libraries' headers for uninitialized
  target_compile_options(troupe_flags INTERFACE -Wno-maybe-uninitialized)
endif()

# troupe_layer(NAME SOURCES... DEPENDS layers...): one layer of the design.
function(troupe_layer name)
  cmake_parse_arguments(LAYER "" "" "SOURCES;DEPENDS" ${ARGN})
  add_library(troupe_${name} OBJECT ${LAYER_SOURCES})
  target_include_directories(troupe_${name}
    PUBLIC $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>
    PRIVATE ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR}/src/caf/${TROUPE_CAF_API})
  target_link_libraries(troupe_${name} PRIVATE troupe_flags PUBLIC troupe_dependencies)
  # A shared library shows what the public headers declare, which say so, and nothing else.
  set_target_properties(troupe_${name} PROPERTIES CXX_VISIBILITY_PRESET hidden)
  # Nearly all of the compiler's time goes into headers. Where files are compiled together (the release
  # preset: CMAKE_UNITY_BUILD) they are read once for each layer. Elsewhere the layers that are built on CAF
  # and Asio share precompiled ones; for the others, reading these would take longer than reading what they
  # include.
  set_target_properties(troupe_${name} PROPERTIES UNITY_BUILD_BATCH_SIZE 0)
  if(CMAKE_UNITY_BUILD)
  elseif(name STREQUAL loop)
    target_precompile_headers(troupe_loop PRIVATE ${PROJECT_SOURCE_DIR}/src/precompiled.hpp)
  elseif(name MATCHES "^(actors|child|parent|monitor|api)$")
    target_precompile_headers(troupe_${name} REUSE_FROM troupe_loop)
  endif()
  foreach(below ${LAYER_DEPENDS})
    target_link_libraries(troupe_${name} PUBLIC troupe_${below})
  endforeach()
  set_property(GLOBAL APPEND PROPERTY TROUPE_LAYERS troupe_${name})
endfunction()
