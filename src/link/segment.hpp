#pragma once

#include "base/unique_fd.hpp"

#include <troupe/detail/memory_block.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

namespace troupe::link {

/// A sealed memfd, mapped. No process can change its size, so none can make another one fault by that. The parent
/// makes every segment that children are to know; its number is random, so that nobody guesses it.
class segment final : public detail::memory_block {
public:
  /// To whom it is given back. Called on any thread.
  class keeper {
  public:
    /// Nobody refers to it any more: the keeper owns it.
    virtual void take(std::unique_ptr<segment> unused) noexcept = 0;

  protected:
    ~keeper() = default;
  };
  enum class writers {
    maker,   ///< nobody but the process that makes it, ever
    everyone ///< all who have it
  };

  /// Makes one. `fills`: its memory is taken at once, so that a machine which is out of it gives an error here.
  /// Throws `std::system_error`.
  static std::unique_ptr<segment> make(
    std::size_t size, writers who, bool fills, std::shared_ptr<keeper> owner);
  /// Maps one that another process has made. `fills` as above. Throws `std::system_error`.
  static std::unique_ptr<segment> map(base::unique_fd fd, std::uint64_t number, std::size_t size,
    bool writable, bool fills, std::shared_ptr<keeper> owner);
  ~segment() override;

  /// To be passed on; -1 after `take_fd`.
  int fd() const noexcept { return fd_.get(); }
  /// It is passed to nobody else any more.
  base::unique_fd take_fd() noexcept { return std::move(fd_); }
  /// When it was given back the last time, for its keeper.
  std::chrono::steady_clock::time_point idle_since{};
  /// How often this process was told of it, for its keeper.
  std::uint64_t times_told = 0;

  /// Gives it to whoever refers to it from now on.
  static detail::block_ptr lend(std::unique_ptr<segment> unused) noexcept {
    return detail::block_ptr(unused.release());
  }

private:
  segment(base::unique_fd fd, std::uint64_t number, std::byte* data, std::size_t size,
    std::shared_ptr<keeper> owner);
  void give_back() noexcept override;

  base::unique_fd fd_;
  std::shared_ptr<keeper> keeper_; // null: it is destroyed instead
};

/// The size of a segment for at least `least` bytes: one of few, so that it is used again.
constexpr std::size_t segment_size(std::size_t least) noexcept {
  std::size_t step = std::size_t{16} * 1024;
  while (least > 16 * step)
    step *= 2;
  return (least + step - 1) / step * step;
}

// -- shared buffers, by number ------------------------------------------------------------------------

/// Makes a shared buffer known to this process; `find_buffer` finds it until it is forgotten. Throws
/// `std::bad_alloc`.
void remember_buffer(segment& buffer);
void forget_buffer(const segment& buffer) noexcept;
/// Forgets and destroys shared buffers, in the parent and where there is none.
std::shared_ptr<segment::keeper> keeper_of_buffers();
/// Null if nobody in this process refers to it.
detail::block_ptr find_buffer(std::uint64_t number) noexcept;

} // namespace troupe::link
