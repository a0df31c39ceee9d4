#pragma once

#include "top/loopback_server.hpp"
#include "top/watched_list.hpp"

#include <chrono>
#include <string>

namespace troupe_cli {

/// Serves a page on loopback that shows the processes of a list, prints its address, and ends by a signal; the exit code of
/// the program. Port 0: any that is free. Looks at the processes once in `interval` while somebody reads, and never
/// otherwise. Throws `std::runtime_error` if the port cannot be had.
int serve_dashboard(watched_list& watched, int port, std::chrono::milliseconds interval);

/// What it answers: the page at "/?token=TOKEN", and the events that the page reads at "/events?token=TOKEN". Whoever has not
/// the token is told that there is nothing, as for any other path.
web_reply dashboard_answer(const web_request& request, const std::string& token);

} // namespace troupe_cli
