#include "top/dashboard.hpp"

#include "exit_code.hpp"
#include "top/dashboard_page.hpp"
#include "top/dashboard_status.hpp"
#include "top/format.hpp"
#include "top/interactive.hpp"
#include "top/loopback_server.hpp"
#include "top/symbols.hpp"
#include "top/web_text.hpp"

#include <iostream>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace troupe_cli {

namespace {

// Processes that are gone, of which the page still shows what they said last.
constexpr std::size_t max_absent = 4;
constexpr loopback_limits limits{32, 16};

// What the page shows. On the server's second thread, once it serves.
class looks {
public:
  explicit looks(watched_list& watched)
    : watched_(watched)
    , names_(names_of(symbols_)) {
    note(); // it may have ended when the first reader comes
  }

  std::string next() {
    watched_.look();
    note();
    forget_absent();
    std::vector<dashboard_process> shown;
    for (const auto& [pid, process] : seen_)
      shown.push_back({&process.now, process.before ? &*process.before : nullptr,
        is_there(pid) ? std::string() : absence(pid, process)});
    return dashboard_status(shown, watched_.problem(), names_);
  }

private:
  void note() {
    for (const auto& [pid, process] : watched_.processes())
      seen_[pid] = process;
  }

  bool is_there(pid_t pid) const { return watched_.processes().contains(pid); }

  std::string absence(pid_t pid, const watched_list::process& process) const {
    const auto time = std::chrono::steady_clock::now() - process.now.when;
    return watched_.absence(pid) + "; it was seen last " +
           duration_text(std::chrono::duration_cast<microseconds>(time)) + " ago";
  }

  void forget_absent() {
    std::multimap<std::chrono::steady_clock::time_point, pid_t> absent;
    for (const auto& [pid, process] : seen_)
      if (!is_there(pid))
        absent.emplace(process.now.when, pid);
    for (; absent.size() > max_absent; absent.erase(absent.begin()))
      seen_.erase(absent.begin()->second);
  }

  watched_list& watched_;
  symbols symbols_;
  const view_names names_;
  std::map<pid_t, watched_list::process> seen_;
};

web_reply page() {
  const auto nonce = random_text(16);
  return {200, "text/html; charset=utf-8", dashboard_page(nonce),
    {{"Content-Security-Policy", dashboard_policy(nonce)}}};
}

web_reply answer(const web_request& request, const std::string& token) {
  if (!is_loopback_host(request.host))
    return {403, "text/plain", "This server answers to 127.0.0.1 and localhost only.\n", {}};
  const auto path = path_of(request.target);
  if (same_secret(parameter_of(request.target, "token"), token)) {
    if (path == "/")
      return page();
    if (path == "/events")
      return {200, "text/event-stream", {}, {}, true};
  }
  return {404, "text/plain", "There is nothing here.\n", {}};
}

} // namespace

web_reply dashboard_answer(const web_request& request, const std::string& token) {
  auto reply = answer(request, token);
  for (const auto& [name, value] :
    {std::pair{"Cache-Control", "no-store"}, std::pair{"X-Content-Type-Options", "nosniff"},
      std::pair{"Referrer-Policy", "no-referrer"},
      std::pair{"Cross-Origin-Resource-Policy", "same-origin"}})
    reply.headers.emplace_back(name, value);
  return reply;
}

int serve_dashboard(watched_list& watched, int port, std::chrono::milliseconds interval) {
  const auto token = random_text(16);
  looks status(watched);
  loopback_server server(
    port, [&](const web_request& request) { return dashboard_answer(request, token); }, limits);
  server.send_events(interval, [&] { return status.next(); });
  std::cout << "http://127.0.0.1:" << server.port() << "/?token=" << token << std::endl;
  if (!std::cout) {
    std::cerr << "troupe top: the address of the dashboard could not be written\n";
    return static_cast<int>(exit_code::broken);
  }
  return server.run_until_signal();
}

} // namespace troupe_cli
