#pragma once

#include <stdexcept>

namespace troupe::values {

/// A process was started, but its program does not come to where children take over: so there is no use in
/// another attempt.
class not_arrived : public std::runtime_error {
public:
  using std::runtime_error::runtime_error;
};

} // namespace troupe::values
