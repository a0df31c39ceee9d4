#include "top/watched_list.hpp"

#include <troupe/control.hpp>

#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <utility>

namespace troupe_cli {

namespace {

// Rates over a shorter time say nothing.
constexpr std::chrono::milliseconds least_time_between{90};

} // namespace

watched_list::watched_list(std::string which)
  : which_(std::move(which)) {}

bool watched_list::is_meant(const process_status& status) const {
  return which_.empty() || which_ == std::to_string(status.pid) || which_ == status.program ||
         std::ranges::any_of(
           status.pools, [&](const pool_status& pool) { return pool.name == which_; });
}

void watched_list::forget(pid_t pid, const std::string& why) {
  clients_.erase(pid);
  processes_.erase(pid);
  answers_.erase(pid);
  if (!why.empty())
    problem_ = "process " + std::to_string(pid) + ": " + why;
}

void watched_list::look() {
  problem_.clear();
  there_.clear();
  silent_.clear();
  for (const auto& found : troupe::watched_processes()) {
    there_.insert(found.pid);
    try {
      auto client = clients_.find(found.pid);
      if (client == clients_.end())
        client = clients_.emplace(found.pid, control_client(found.socket)).first;
      auto answer = client->second.ask(R"({"ask": "status"})");
      auto status = parse_status(answer);
      if (!is_meant(status)) {
        processes_.erase(found.pid);
        answers_.erase(found.pid);
        continue;
      }
      auto& known = processes_[found.pid];
      if (known.now.pid != 0 && status.when - known.now.when >= least_time_between)
        known.before = std::move(known.now);
      known.now = std::move(status);
      answers_[found.pid] = std::move(answer);
    } catch (const std::exception& e) {
      silent_[found.pid] = e.what();
      forget(found.pid, e.what());
    }
  }
  std::vector<pid_t> gone;
  for (const auto& [pid, client] : clients_)
    if (!there_.contains(pid))
      gone.push_back(pid);
  for (const auto pid : gone)
    forget(pid, {});
}

std::string watched_list::absence(pid_t pid) const {
  if (!there_.contains(pid))
    return "has ended";
  if (const auto why = silent_.find(pid); why != silent_.end())
    return "cannot be seen at present: " + why->second;
  return "has no pool named \"" + which_ + "\" any more";
}

std::string watched_list::ask(pid_t pid, const std::string& line) {
  const auto client = clients_.find(pid);
  if (client == clients_.end())
    throw std::runtime_error("it has ended");
  try {
    return client->second.ask(line);
  } catch (...) {
    clients_.erase(client); // an answer that comes late would be taken for that to another question
    throw;
  }
}

} // namespace troupe_cli
