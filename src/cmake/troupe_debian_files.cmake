# Read by cpack when the files of all packages lie in its folder: Debian wants its manual pages and changelogs
# compressed, and its programs and static libraries without debug information.
file(GLOB_RECURSE to_compress "${CPACK_TEMPORARY_DIRECTORY}/*/usr/share/man/*"
  "${CPACK_TEMPORARY_DIRECTORY}/*/usr/share/doc/*/changelog*")
foreach(file IN LISTS to_compress)
  execute_process(COMMAND gzip -9 --no-name "${file}" COMMAND_ERROR_IS_FATAL ANY)
endforeach()
file(GLOB_RECURSE programs "${CPACK_TEMPORARY_DIRECTORY}/*/usr/bin/*" "${CPACK_TEMPORARY_DIRECTORY}/*/usr/libexec/*")
foreach(file IN LISTS programs)
  execute_process(COMMAND strip --remove-section=.comment --remove-section=.note "${file}" COMMAND_ERROR_IS_FATAL ANY)
endforeach()
file(GLOB_RECURSE libraries "${CPACK_TEMPORARY_DIRECTORY}/*/usr/lib/*.a")
foreach(file IN LISTS libraries)
  execute_process(COMMAND strip --strip-debug --remove-section=.comment --remove-section=.note
    --enable-deterministic-archives "${file}" COMMAND_ERROR_IS_FATAL ANY)
endforeach()
