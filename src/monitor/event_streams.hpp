#pragma once

#include "monitor/watcher.hpp"
#include "parent/pool/event_tap.hpp"

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::monitor {

/// The watchers that get all events of all pools. While there is none, the tap is closed, and nobody has work with
/// events. On the loop's thread.
class event_streams final : parent::event_listener {
public:
  explicit event_streams(parent::event_tap& tap)
    : tap_(tap) {}
  event_streams(const event_streams&) = delete;
  event_streams& operator=(const event_streams&) = delete;
  ~event_streams() {
    if (!streams_.empty())
      tap_.close();
  }

  /// Its stream has begun.
  void add(std::shared_ptr<watcher> to);
  /// Some of them may have been closed.
  void forget_closed();

private:
  struct stream {
    std::shared_ptr<watcher> to;
    std::set<std::uint32_t> known_modules;
  };

  void task_ended(
    std::uint64_t pool, const std::string& name, const troupe::task_ended& what) override;
  void child_started(
    std::uint64_t pool, const std::string& name, const troupe::child_started& what) override;
  void child_ended(
    std::uint64_t pool, const std::string& name, const troupe::child_ended& what) override;
  void event_missed() noexcept override;

  bool has_room() const noexcept;
  static void send(stream& to, std::string_view line, const code_location* function) noexcept;
  void send_all(std::string_view line, const code_location* function = nullptr) noexcept;

  parent::event_tap& tap_;
  std::vector<stream> streams_;
};

} // namespace troupe::monitor
