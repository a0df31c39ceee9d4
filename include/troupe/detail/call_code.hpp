#pragma once

#include <troupe/detail/compiler.hpp>
#include <troupe/errors.hpp>

#include <cstdint>

#pragma GCC visibility push(default)

namespace troupe::detail {

enum class call_kind : std::uint8_t { plain, coroutine, blocking };

/// Identifies code: the same in each process that runs this image.
struct call_code {
  code_location thunk;
  code_location target;
  call_kind kind = call_kind::plain;
};

/// The place of `function` in the image that has it. O(log modules); no system call.
code_location locate(void (*function)());
/// The function at a place, or null if this process has no such module.
void (*function_at(const code_location& place))();

template <class F>
code_location locate(F* function) {
  return locate(reinterpret_cast<void (*)()>(function));
}

} // namespace troupe::detail

#pragma GCC visibility pop
