#pragma once

#include <cstddef>

namespace troupe::link {

/// To be called before a file in memory becomes so large: where the limit of the size of files (RLIMIT_FSIZE) forbids it, the
/// kernel would not only refuse, but end the process by SIGXFSZ. Throws `std::system_error`, with `what`.
void check_file_size(std::size_t size, const char* what);

} // namespace troupe::link
