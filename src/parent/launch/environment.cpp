#include "parent/launch/environment.hpp"

#include <utility>

#include <unistd.h>

namespace troupe::parent {

void environment::take() {
  variables copy;
  for (char** variable = ::environ; variable != nullptr && *variable != nullptr; ++variable)
    copy.emplace_back(*variable);
  auto taken = std::make_shared<const variables>(std::move(copy));
  const std::lock_guard lock(mutex_);
  latest_.swap(taken);
}

std::shared_ptr<const environment::variables> environment::latest() const {
  const std::lock_guard lock(mutex_);
  return latest_;
}

} // namespace troupe::parent
