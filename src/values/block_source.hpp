#pragma once

#include <troupe/detail/memory_block.hpp>

#include <cstddef>

namespace troupe::values {

/// Gives a block of at least `least` bytes for something that is to cross to another process, or null: then it lies in
/// the heap. Called on any thread.
using block_source = detail::block_ptr (*)(std::size_t least) noexcept;

/// Where encoders get large memory from now on; null: from the heap. Thread-safe.
void set_block_source(block_source source) noexcept;

} // namespace troupe::values
