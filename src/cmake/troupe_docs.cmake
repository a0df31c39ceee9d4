# The target `docs`: the reference of the public headers, made with Doxygen, in docs/html of the build directory. Its
# warnings are errors. It is installed if it has been made.
find_package(Doxygen QUIET)
if(NOT DOXYGEN_FOUND)
  return()
endif()
set(DOXYGEN_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/docs)
set(DOXYGEN_PROJECT_BRIEF ${PROJECT_DESCRIPTION})
set(DOXYGEN_STRIP_FROM_PATH ${PROJECT_SOURCE_DIR}/include)
set(DOXYGEN_STRIP_FROM_INC_PATH ${PROJECT_SOURCE_DIR}/include)
set(DOXYGEN_FILE_PATTERNS *.hpp)
set(DOXYGEN_EXCLUDE ${PROJECT_SOURCE_DIR}/include/troupe/detail)
set(DOXYGEN_EXCLUDE_SYMBOLS troupe::detail troupe::detail::* caf boost)
set(DOXYGEN_JAVADOC_AUTOBRIEF YES)
set(DOXYGEN_QUIET YES)
set(DOXYGEN_GENERATE_LATEX NO)
# What is said to CAF is nothing to a reader.
set(DOXYGEN_ENABLE_PREPROCESSING YES)
set(DOXYGEN_MACRO_EXPANSION YES)
set(DOXYGEN_EXPAND_ONLY_PREDEF YES)
set(DOXYGEN_PREDEFINED "TROUPE_UNSENT_TYPE(x,y)=" "TROUPE_ERROR_CODES(x,y)=")
# What is named as it is used needs no comment; a comment that is wrong is an error.
set(DOXYGEN_WARN_IF_UNDOCUMENTED NO)
set(DOXYGEN_WARN_AS_ERROR FAIL_ON_WARNINGS)
doxygen_add_docs(docs ${PROJECT_SOURCE_DIR}/include/troupe COMMENT "the reference")
install(DIRECTORY ${PROJECT_BINARY_DIR}/docs/html DESTINATION ${CMAKE_INSTALL_DOCDIR}
  COMPONENT documentation OPTIONAL)
