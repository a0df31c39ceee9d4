#pragma once

#include "base/unique_fd.hpp"

#include <atomic>
#include <cstdint>

#include <sys/types.h>

namespace troupe::link {

/// A word of memory shared by a runtime and a zygote, into which the kernel writes the pid of a child as
/// the zygote makes it. So the runtime knows of the child also if the zygote dies before it can answer.
class birth_record {
public:
  /// Makes one. Throws `std::system_error`.
  birth_record();
  /// Maps one that was received. Not mapped in children of this process. Throws `std::system_error`.
  explicit birth_record(base::unique_fd fd);
  birth_record(const birth_record&) = delete;
  birth_record& operator=(const birth_record&) = delete;
  ~birth_record();

  int fd() const noexcept { return fd_.get(); }
  /// 0: no child since `clear`. The zygote can write it: to be checked.
  pid_t pid() const noexcept { return word_->load(std::memory_order_acquire); }
  void clear() noexcept { word_->store(0, std::memory_order_release); }
  /// Where the kernel shall write.
  std::atomic<std::int32_t>* place() noexcept { return word_; }

private:
  void map();

  base::unique_fd fd_;
  std::atomic<std::int32_t>* word_ = nullptr;
};

} // namespace troupe::link
