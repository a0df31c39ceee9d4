#pragma once

#include <troupe/detail/bytes.hpp>
#include <troupe/detail/compiler.hpp>
#include <troupe/detail/promise.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <exception>
#include <optional>
#include <span>

#pragma GCC visibility push(default)

// How the items of a batch lie one after another: the arguments of each, and its outcome, is a *record*, a word with
// its length before it.
namespace troupe::detail {

/// The length of a record, and whether its item threw: then the record is an encoded report.
class record_head {
public:
  record_head(std::size_t length, bool threw = false) noexcept
    : word_(static_cast<std::uint32_t>(length) | (threw ? threw_bit : 0)) {}
  static record_head read(const std::byte* from) noexcept {
    record_head head(0);
    std::memcpy(&head.word_, from, sizeof head.word_);
    return head;
  }

  std::uint32_t word() const noexcept { return word_; }
  std::size_t length() const noexcept { return word_ & ~threw_bit; }
  bool threw() const noexcept { return (word_ & threw_bit) != 0; }

private:
  static constexpr std::uint32_t threw_bit = std::uint32_t{1} << 31;
  std::uint32_t word_;
};

/// Reads records in their order. Trusts nothing that it reads.
class record_reader {
public:
  struct record {
    bool threw;
    std::span<const std::byte> content;
  };

  record_reader() = default;
  explicit record_reader(std::span<const std::byte> records) noexcept
    : rest_(records) {}

  /// The next record; nothing at the end, and where a record is cut off.
  std::optional<record> next() noexcept {
    if (rest_.size() < sizeof(record_head))
      return std::nullopt;
    const auto head = record_head::read(rest_.data());
    if (head.length() > rest_.size() - sizeof head)
      return std::nullopt;
    const record result{head.threw(), rest_.subspan(sizeof head, head.length())};
    rest_ = rest_.subspan(sizeof head + head.length());
    return result;
  }
  /// What has not been read.
  std::span<const std::byte> rest() const noexcept { return rest_; }

private:
  std::span<const std::byte> rest_;
};

/// Appends records to bytes.
class record_writer {
public:
  explicit record_writer(bytes& out)
    : out_(out) {}

  /// Calls `write(bytes&)`, which appends the content of the next record, or returns false: there is none. Then, and
  /// if it throws, nothing is appended.
  template <class Write>
  bool add(Write write) {
    const auto begin = out_.size();
    const record_head empty(0);
    out_.append(&empty, sizeof empty);
    try {
      if (!write(out_)) {
        out_.truncate(begin);
        return false;
      }
    } catch (...) {
      out_.truncate(begin);
      throw;
    }
    const record_head head(out_.size() - begin - sizeof empty);
    std::memcpy(out_.data() + begin, &head, sizeof head);
    return true;
  }

private:
  bytes& out_;
};

/// How one item of a map ended, or a task of its own. Refers to the outcome of its task.
struct item_outcome {
  outcome::kind what = outcome::kind::failed;
  std::span<const std::byte> payload{};
  const std::exception_ptr* error = nullptr;

  static item_outcome of(const outcome& single) noexcept {
    return {single.what, view(single.payload), &single.error};
  }
  /// The failure, decoding it where necessary; null for a value.
  std::exception_ptr failure() const;
};

} // namespace troupe::detail

#pragma GCC visibility pop
