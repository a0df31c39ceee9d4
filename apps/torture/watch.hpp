#pragma once

#include "settings.hpp"
#include "tally.hpp"
#include "verdict.hpp"

#include <troupe/pool.hpp>

#include <atomic>
#include <string>
#include <thread>

namespace torture {

/// Sees to it that a hang is told, and not waited for: when nothing has resolved for as long as the settings say, it
/// prints the verdict with the tasks that hang and the state of the pool, and ends the process.
class watch {
public:
  watch(std::string name, const settings& with, tally& of, verdict& says);
  watch(const watch&) = delete;
  ~watch();

  /// While it lives, that pool is the one whose state is told.
  class on {
  public:
    on(watch& by, troupe::pool& pool)
      : by_(by) {
      by_.pool_ = &pool;
    }
    on(const on&) = delete;
    ~on() { by_.pool_ = nullptr; }

  private:
    watch& by_;
  };

private:
  void look(const std::stop_token& over);
  [[noreturn]] void give_up();

  const std::string name_;
  const settings& with_;
  tally& of_;
  verdict& says_;
  std::atomic<troupe::pool*> pool_ = nullptr;
  std::jthread thread_;
};

} // namespace torture
