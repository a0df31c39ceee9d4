#pragma once

#include "each/run_input.hpp"

#include <string>

#include <dirent.h>

namespace troupe_cli {

/// The two files into which the commands of one slot write, one command after the other. A file is used again, unless
/// the output is handed on in it, or somebody may still write to it.
class slot_outputs {
public:
  /// Throws `start_problem` (command/start.hpp) if a file cannot be made.
  void open(const std::string& spool);
  command_descriptors descriptors() const { return {out_.fd, err_.fd}; }
  /// What has been written since `open`.
  void take(input_end& end);

private:
  struct file {
    std::string name{};
    int fd = -1;
    void open(const std::string& spool);
    written take();
    void drop();
  };

  file out_;
  file err_;
};

/// The temporary folder of the commands of one slot: the same for all, as long as it is found empty.
class slot_temporary {
public:
  slot_temporary() = default;
  slot_temporary(const slot_temporary&) = delete;
  slot_temporary& operator=(const slot_temporary&) = delete;
  ~slot_temporary();

  /// The folder, which is there and empty. Throws `start_problem` if none can be made.
  const std::string& get(const std::string& spool);
  /// Removes what a command has left in it.
  void clear();

private:
  void drop();

  std::string path_;
  DIR* folder_ = nullptr;
};

/// The first names of "FOLDER/NUMBER.out" and ".err", or "NUMBER.2.out", ..., that are free. The files are made. Throws
/// `start_problem`.
struct output_pair {
  std::string out{};
  std::string err{};
};
output_pair make_output_pair(const std::string& folder, std::uint64_t number);

} // namespace troupe_cli
