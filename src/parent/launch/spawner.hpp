#pragma once

#include "os/command_line.hpp"
#include "parent/launch/child_starter.hpp"
#include "parent/launch/environment.hpp"

#include <memory>
#include <string>
#include <vector>

namespace troupe::parent {

/// The start method `spawn`: a vfork and exec of this program's own image, through Boost.Process.
class spawner final : public child_starter {
public:
  /// `arguments` is the command line of the children, beginning with the program's name; `program` the
  /// file to execute. Without a `with`, their environment is that of now.
  explicit spawner(std::vector<std::string> arguments, std::string program = os::program_file(),
    std::shared_ptr<const environment> with = nullptr);

  started_process start(const base::unique_fd& control, int stop) override;

  /// Executes the program with `inherited` as the only descriptor beside 0, 1 and 2, its number in the
  /// environment variable `variable`, and the variables `more` ("NAME=value"). Throws `std::system_error`.
  started_process execute(const base::unique_fd& inherited, const char* variable,
    std::vector<std::string> more = {}) const;

private:
  std::vector<std::string> arguments_;
  std::string program_;
  std::shared_ptr<const environment> environment_;
};

} // namespace troupe::parent
