#include "link/file_size_limit.hpp"

#include <string>
#include <system_error>

#include <sys/resource.h>

namespace troupe::link {

void check_file_size(std::size_t size, const char* what) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY &&
      size > limit.rlim_cur)
    throw std::system_error(std::make_error_code(std::errc::file_too_large),
      std::string(what) + ", of " + std::to_string(size) +
        " bytes, with a limit of the size of files (RLIMIT_FSIZE) of " +
        std::to_string(limit.rlim_cur));
}

} // namespace troupe::link
