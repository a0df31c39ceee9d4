#include "summary.hpp"

#include <spdlog/fmt/fmt.h>

namespace books {
namespace {

double busy_percent(const troupe::child_stats& child) {
  const auto up = std::chrono::duration<double>(child.uptime).count();
  return up > 0 ? 100.0 * std::chrono::duration<double>(child.cpu).count() / up : 0.0;
}

} // namespace

std::string run_summary(std::size_t requests, std::chrono::milliseconds elapsed,
  std::span<const troupe::child_stats> children) {
  const auto seconds = std::chrono::duration<double>(elapsed).count();
  const auto rate = seconds > 0 ? static_cast<double>(requests) / seconds : 0.0;
  auto out = fmt::format("{} requests in {:.2f} s, {:.0f} requests/s\n", requests, seconds, rate);
  out += "child      pid    tasks    busy  restarts\n";
  for (const auto& child : children)
    out += fmt::format("{:>5} {:>8} {:>8} {:>6.1f}% {:>9}\n", child.slot, child.pid, child.tasks,
      busy_percent(child), child.restarts);
  return out;
}

} // namespace books
