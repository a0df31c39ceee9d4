// The tasks of `books` as a module, for `troupe run`: two jobs, and what their pool begins and ends with.
#include "tasks.hpp"

#include <troupe/module.hpp>

TROUPE_TASKS(
  books::open_connections, books::close_connections, books::list_page, books::detail_page);
