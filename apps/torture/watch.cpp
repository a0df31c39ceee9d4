#include "watch.hpp"

#include <cstdio>
#include <cstdlib>

namespace torture {

namespace {

using clock = std::chrono::steady_clock;

void print_state(troupe::pool& pool) {
  const auto now = pool.stats();
  std::fprintf(stderr, "pool %s: submitted=%lu queued=%zu running=%zu deaths=%lu\n",
    now.name.c_str(), now.submitted, now.queued, now.running, now.deaths);
  for (const auto& child : now.children)
    std::fprintf(stderr, "  child %zu: pid %d, %s, %zu tasks in it, %lu done, %zu restarts\n",
      child.slot, child.pid, troupe::to_string(child.state), child.running, child.tasks,
      child.restarts);
  std::fflush(stderr);
}

} // namespace

watch::watch(std::string name, const settings& with, tally& of, verdict& says)
  : name_(std::move(name))
  , with_(with)
  , of_(of)
  , says_(says)
  , thread_([this](const std::stop_token& over) { look(over); }) {}

watch::~watch() = default;

void watch::look(const std::stop_token& over) {
  auto seen = of_.beats();
  auto since = clock::now();
  while (!over.stop_requested()) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    const auto beats = of_.beats();
    if (beats != seen)
      since = clock::now();
    else if (clock::now() - since > std::chrono::duration<double>(with_.patience_seconds))
      give_up();
    seen = beats;
  }
}

void watch::give_up() {
  auto found = of_.total();
  found += of_.unsettled();
  if (found.hung == 0)
    found.hung = 1; // no task, but whoever waits
  says_.broken(
    "nothing has come to an end for " + std::to_string(with_.patience_seconds) + " seconds");
  says_.print(name_, found);
  // The pool may be what hangs, so nobody waits for it for long.
  std::thread([this] {
    if (auto* const pool = pool_.load())
      print_state(*pool);
    std::_Exit(1);
  }).detach();
  std::this_thread::sleep_for(std::chrono::seconds(5));
  std::_Exit(1);
}

} // namespace torture
