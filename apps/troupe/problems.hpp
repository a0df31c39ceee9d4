#pragma once

#include <stdexcept>

namespace troupe_cli {

/// The command line is wrong: exit code 2. The message names the option and what it may be.
class usage_problem : public std::runtime_error {
public:
  using std::runtime_error::runtime_error;
};

/// Something that troupe itself needs has failed, such as a disk: exit code 5. The message names the place.
class broken_problem : public std::runtime_error {
public:
  using std::runtime_error::runtime_error;
};

} // namespace troupe_cli
