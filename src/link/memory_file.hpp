#pragma once

#include "base/unique_fd.hpp"

#include <cstddef>
#include <span>
#include <vector>

namespace troupe::link {

/// Takes the memory for the first `size` bytes of a file in memory, which becomes as large: a machine that is out of it
/// gives an error here, and no SIGBUS later. Throws `std::system_error`, with `what`.
void take_memory(int file, std::size_t size, const char* what);

/// A message too large for a control socket, as a file in memory whose descriptor is passed instead.
/// Throws `std::system_error`.
base::unique_fd make_memory_file(std::span<const std::byte> contents);

/// What `make_memory_file` got. Throws `protocol_violation` if the descriptor is of something else, or of
/// more than `at_most` bytes; then nothing has been read.
std::vector<std::byte> read_memory_file(const base::unique_fd& file, std::size_t at_most);

} // namespace troupe::link
