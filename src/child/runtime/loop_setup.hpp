#pragma once

#include <troupe/errors.hpp>
#include <troupe/loop_options.hpp>

#include <exception>

namespace troupe::child {

/// How the child's loop is to be made.
struct loop_setup {
  loop_options options;
  std::exception_ptr
    thrown; ///< why the child cannot start after all; then `options` are the defaults
};

/// Calls the pool's loop initializer, if it has one, and checks what it has set.
loop_setup set_up_loop(const code_location& initializer);

} // namespace troupe::child
