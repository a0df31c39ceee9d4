#pragma once

#include "each/command_template.hpp"

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace troupe_cli {

/// The inputs, read as they are taken: at most some thousand, or a megabyte, ahead. From a file or stdin on a thread of
/// its own, since these may come slowly.
class input_reader {
public:
  /// Those of the command line.
  explicit input_reader(std::vector<std::string> arguments);
  /// Those of a file, or of stdin if it has no name. `on_change` is called on the reader's thread when there is something
  /// to take. Throws `broken_problem`.
  input_reader(const std::string& file, char delimiter, std::function<void()> on_change);
  input_reader(const input_reader&) = delete;
  input_reader& operator=(const input_reader&) = delete;
  ~input_reader();

  /// The next one, if it is there already. Throws `broken_problem` where reading has failed.
  std::optional<input> take();
  /// Whether the last one has been taken.
  bool at_end() const;
  /// How many there are, as far as that is known: an estimate by bytes in a file.
  std::optional<double> total() const;

private:
  void read_all();
  bool read_more(std::string& rest);
  bool wait_readable() const;
  bool put(std::string text);
  void finish(std::string problem);

  const std::string name_;
  const char delimiter_ = '\n';
  const std::function<void()> on_change_;
  int fd_ = -1;
  int stop_ = -1; // an eventfd
  double file_size_ = 0;

  mutable std::mutex mutex_;
  std::condition_variable room_;
  std::deque<std::string> ready_;
  std::size_t ready_bytes_ = 0;
  double taken_bytes_ = 0;
  std::uint64_t taken_ = 0;
  bool ended_ = false;
  bool stopped_ = false;
  std::string problem_;
  std::thread thread_;
};

} // namespace troupe_cli
