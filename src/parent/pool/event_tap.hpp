#pragma once

#include <troupe/pool_events.hpp>

#include <cstdint>
#include <string>

namespace troupe::parent {

/// Is told what the pools of a runtime report, by the numbers and names of the pools; the events themselves do not
/// name them. On the loop's thread; may not call the pool.
class event_listener {
public:
  virtual void task_ended(
    std::uint64_t pool, const std::string& name, const troupe::task_ended& what) = 0;
  virtual void child_started(
    std::uint64_t pool, const std::string& name, const troupe::child_started& what) = 0;
  virtual void child_ended(
    std::uint64_t pool, const std::string& name, const troupe::child_ended& what) = 0;
  /// There was no memory to say what, or to take it: one of the above has thrown `std::bad_alloc`.
  virtual void event_missed() noexcept = 0;

protected:
  ~event_listener() = default;
};

/// Where all pools of a runtime look whether somebody wants to know of each of their events. On the loop's thread.
class event_tap {
public:
  void open(event_listener& to) noexcept {
    listener_ = &to;
    is_open_ = true;
  }
  void close() noexcept {
    listener_ = nullptr;
    is_open_ = false;
  }
  /// Null while it is closed.
  event_listener* listener() const noexcept { return listener_; }
  /// `policy::pool_machine::rules::runs_wanted`.
  const bool& is_open() const noexcept { return is_open_; }

private:
  event_listener* listener_ = nullptr;
  bool is_open_ = false;
};

} // namespace troupe::parent
