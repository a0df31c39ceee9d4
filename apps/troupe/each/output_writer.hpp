#pragma once

#include "each/run_input.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace troupe_cli {

/// Whoever reads stdout has closed it.
class closed_output {};

/// What an input has written, when it is to be shown.
struct output {
  std::uint64_t number = 0;
  std::int64_t attempt = 0; ///< of the journal
  std::string input{};
  written out{};
  written err{};

  bool empty() const { return out.size == 0 && err.size == 0; }
};

/// Writes the outputs of inputs that have ended to stdout and stderr, each as a whole; in the order of the inputs, if that
/// is wanted. What must wait for its turn is kept in memory up to some megabytes, and in files of the spool beyond.
/// Files that were shown are removed.
class output_writer {
public:
  struct options {
    bool keep_order = false;
    bool tag = false;
    std::string spool{};
    std::function<void()> before{}; ///< called before anything is written
    std::function<void(const output&)> shown = [](const output&) {}; ///< called after each
  };

  explicit output_writer(options how)
    : options_(std::move(how)) {}

  /// The input has ended with that output, or has none and needs none.
  void add(output ended);
  /// Writes what is to be written now. Throws `broken_problem`, and `closed_output`.
  void show();
  /// Writes an output out of turn.
  void show_at_once(const output& what);
  /// Nothing comes any more: what waits for inputs that have not ended is to be written.
  void release();
  /// The number of the first input that has not been added, with `keep_order`.
  std::uint64_t first_missing() const { return next_; }

private:
  void write(const output& what);
  void write_part(int fd, const written& what, const std::string& tag);
  void spill(written& what);

  options options_;
  std::vector<output> due_;
  std::map<std::uint64_t, output> held_;
  std::size_t held_bytes_ = 0;
  std::uint64_t next_ = 1;
  std::uint64_t spilled_ = 0;
};

} // namespace troupe_cli
