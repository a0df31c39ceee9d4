#pragma once

#include <cstddef>
#include <cstdint>

#include <sys/types.h>

namespace bench {

/// Memory that this process has together with the copies of it that are forked later.
class shared_memory {
public:
  /// Throws `std::bad_alloc`.
  explicit shared_memory(std::size_t size);
  shared_memory(const shared_memory&) = delete;
  ~shared_memory();

  std::byte* data() const { return data_; }
  std::size_t size() const { return size_; }

private:
  std::byte* data_;
  std::size_t size_;
};

/// A copy of this process that does nothing but `serve(argument)`, which must not allocate: other threads may have
/// held their locks when it was made. Killed with this object, or with the thread that made it.
class peer {
public:
  /// Throws `std::system_error`.
  peer(void (*serve)(void*), void* argument);
  peer(const peer&) = delete;
  ~peer();

  pid_t pid() const { return pid_; }

private:
  pid_t pid_;
};

/// Waits while `*word` is `value`, in the kernel.
void wait_while(const std::uint32_t* word, std::uint32_t value);
void wake(const std::uint32_t* word);

} // namespace bench
