#include "each/start_gate.hpp"

#include <algorithm>
#include <fstream>
#include <utility>

namespace troupe_cli {
namespace {

constexpr std::chrono::seconds look_interval{1};

std::optional<double> load_of_machine() {
  double load = 0;
  std::ifstream in("/proc/loadavg");
  return in >> load ? std::optional(load) : std::nullopt;
}

std::optional<std::size_t> free_memory_of_machine() {
  std::ifstream in("/proc/meminfo");
  std::string name;
  std::size_t kilobytes = 0;
  std::string unit;
  while (in >> name >> kilobytes) {
    if (name == "MemAvailable:")
      return kilobytes * 1024;
    std::getline(in, unit);
  }
  return std::nullopt;
}

} // namespace

start_gate::start_gate(const limits& wanted, machine asked)
  : limits_(wanted)
  , machine_(std::move(asked)) {}

start_gate::machine start_gate::this_machine() {
  return {load_of_machine, free_memory_of_machine};
}

void start_gate::look(time_point now) {
  if ((limits_.load == 0 && limits_.memfree == 0) ||
      (last_look_ && now - *last_look_ < look_interval))
    return;
  last_look_ = now;
  note_.clear();
  far_too_little_ = false;
  if (limits_.load > 0) {
    if (const auto load = machine_.load(); load && *load >= limits_.load)
      note_ = "waiting for less load";
  }
  if (limits_.memfree > 0) {
    const auto free = machine_.free_memory();
    if (free && *free < limits_.memfree)
      note_ = "waiting for memory";
    far_too_little_ = free && *free < limits_.memfree / 2;
  }
}

bool start_gate::open(time_point now) {
  look(now);
  return note_.empty() && (!last_start_ || now - *last_start_ >= limits_.delay);
}

start_gate::time_point start_gate::next(time_point now) const {
  auto next = time_point::max();
  if (last_look_)
    next = *last_look_ + look_interval;
  if (last_start_ && now - *last_start_ < limits_.delay)
    next = std::min(next, *last_start_ + limits_.delay);
  return next;
}

bool start_gate::must_end_one(time_point now) {
  look(now);
  return std::exchange(far_too_little_, false);
}

} // namespace troupe_cli
