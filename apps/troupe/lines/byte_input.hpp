#pragma once

#include <array>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace troupe_cli {

/// Something that may be told to stop waiting: a descriptor that becomes readable then.
class stop_bell {
public:
  stop_bell();
  stop_bell(const stop_bell&) = delete;
  stop_bell& operator=(const stop_bell&) = delete;
  ~stop_bell();

  /// Thread-safe.
  void ring() noexcept;
  bool rung() const noexcept;
  int fd() const noexcept { return fd_; }

private:
  int fd_;
};

/// The bytes of a file, or of standard input for "-", that may come slowly. Throws `std::runtime_error`, which names the
/// file, for what cannot be opened or read.
class byte_input {
public:
  byte_input(const std::filesystem::path& file, const stop_bell& bell);
  byte_input(const byte_input&) = delete;
  byte_input& operator=(const byte_input&) = delete;
  ~byte_input();

  /// Nothing at the end, and when the bell has rung.
  std::optional<char> next() {
    if (at_ == end_ && !read_more())
      return std::nullopt;
    return buffer_[at_++];
  }
  /// Up to the next delimiter, without it; nothing at the end.
  std::optional<std::string> line(char delimiter = '\n');
  /// What comes next, without taking it.
  std::optional<char> peek() {
    if (at_ == end_ && !read_more())
      return std::nullopt;
    return buffer_[at_];
  }
  const std::string& name() const noexcept { return name_; }

private:
  bool read_more();

  const stop_bell& bell_;
  std::string name_; // printable
  int fd_;
  std::array<char, std::size_t{64} * 1024> buffer_;
  std::size_t at_ = 0;
  std::size_t end_ = 0;
  bool ended_ = false;
};

/// The rows of a CSV file (RFC 4180).
class csv_input {
public:
  csv_input(const std::filesystem::path& file, const stop_bell& bell)
    : bytes_(file, bell) {}

  /// The fields of the next row that is not empty; nothing at the end.
  std::optional<std::vector<std::string>> row();
  /// The number of the row that came last, from 1.
  std::size_t number() const noexcept { return number_; }
  const std::string& name() const noexcept { return bytes_.name(); }

private:
  std::string field(std::optional<char>& behind);
  std::string quoted_field(std::optional<char>& behind);

  byte_input bytes_;
  std::size_t number_ = 0;
};

} // namespace troupe_cli
