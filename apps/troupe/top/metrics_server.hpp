#pragma once

#include "top/watched_list.hpp"

namespace troupe_cli {

/// Answers http://127.0.0.1:PORT/metrics until a signal ends it; the exit code of the program. Each request looks at the
/// processes anew. Throws `std::runtime_error` if the port cannot be had.
int serve_metrics(watched_list& watched, int port);

} // namespace troupe_cli
