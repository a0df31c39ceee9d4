# Read by cpack before it begins: leaves out the packages whose contents have not been built.
foreach(component IN LISTS CPACK_COMPONENTS_ALL)
  if(CPACK_TROUPE_NEEDED_FOR_${component} AND NOT EXISTS "${CPACK_TROUPE_NEEDED_FOR_${component}}")
    list(REMOVE_ITEM CPACK_COMPONENTS_ALL ${component})
    message(STATUS "no package of the ${component}: there is no ${CPACK_TROUPE_NEEDED_FOR_${component}}")
  endif()
endforeach()
