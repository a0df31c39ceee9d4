#include "caf/caf_compat.hpp"

#include <caf/node_id.hpp>

#include <cerrno>
#include <system_error>

#include <sys/random.h>
#include <unistd.h>

namespace troupe::compat {

caf::node_id make_unique_node_id() {
  caf::node_id::default_data::host_id_type random{};
  if (::getrandom(random.data(), random.size(), 0) != static_cast<ssize_t>(random.size()))
    throw std::system_error(errno, std::generic_category(), "getrandom");
  return caf::make_node_id(static_cast<std::uint32_t>(::getpid()), random);
}

} // namespace troupe::compat
