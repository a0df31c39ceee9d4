# Read by cpack before it begins: leaves out the packages whose contents have not been built.
foreach(component IN LISTS CPACK_COMPONENTS_ALL)
  foreach(file IN LISTS CPACK_TROUPE_NEEDED_FOR_${component})
    if(NOT EXISTS "${file}" AND component IN_LIST CPACK_COMPONENTS_ALL)
      list(REMOVE_ITEM CPACK_COMPONENTS_ALL ${component})
      message(STATUS "no package of the ${component}: there is no ${file}")
    endif()
  endforeach()
endforeach()
