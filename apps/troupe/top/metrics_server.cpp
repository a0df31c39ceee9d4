#include "top/metrics_server.hpp"

#include "top/interactive.hpp"
#include "top/loopback_server.hpp"
#include "top/metrics.hpp"
#include "top/symbols.hpp"

#include <iostream>
#include <string>
#include <vector>

namespace troupe_cli {

int serve_metrics(watched_list& watched, int port) {
  symbols found;
  const auto names = names_of(found);
  const auto answer = [&](const web_request& request) -> web_reply {
    if (request.target != "/metrics")
      return {404, "text/plain", "See /metrics\n", {}};
    watched.look();
    std::vector<process_status> all;
    for (const auto& [pid, process] : watched.processes())
      all.push_back(process.now);
    return {200, "text/plain; version=0.0.4; charset=utf-8", metrics_text(all, names.of_task), {}};
  };
  loopback_server server(port, answer, {});
  std::cerr << "serving http://127.0.0.1:" << server.port() << "/metrics\n";
  return server.run_until_signal();
}

} // namespace troupe_cli
