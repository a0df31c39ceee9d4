#pragma once

#include <troupe/detail/bytes.hpp>
#include <troupe/detail/promise.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

namespace troupe::parent {

/// The answers to one child that have no room in its ring yet: a child that asks and does not read must not
/// make this process hoard. On the loop's thread.
class unread_answers {
public:
  std::size_t count() const noexcept { return count_; }
  std::uint64_t bytes() const noexcept { return bytes_; }
  /// "7 answers of 1000 bytes".
  std::string describe() const {
    return std::to_string(count_) + " answers of " + std::to_string(bytes_) + " bytes";
  }

  /// An answer on its way: holds the memory, and counts until it lies in the ring.
  class one {
  public:
    one(std::shared_ptr<unread_answers> all, std::uint64_t size)
      : all_(std::move(all))
      , size_(size) {
      ++all_->count_;
      all_->bytes_ += size_;
    }
    one(const one&) = delete;
    one& operator=(const one&) = delete;
    ~one() {
      --all_->count_;
      all_->bytes_ -= size_;
    }

    detail::promise_ptr answer; ///< which has the payload, or null
    detail::bytes payload;      ///< if the answer has it not

  private:
    std::shared_ptr<unread_answers> all_;
    std::uint64_t size_;
  };

private:
  std::size_t count_ = 0;
  std::uint64_t bytes_ = 0;
};

} // namespace troupe::parent
