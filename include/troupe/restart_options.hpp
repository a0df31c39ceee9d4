#pragma once

#include <troupe/detail/compiler.hpp>
#include <troupe/detail/std_parts.hpp>

#include <cstddef>

#pragma GCC visibility push(default)

namespace troupe {

/// How often children may die before the pool gives up: Erlang's rule
/// (https://www.erlang.org/doc/design_principles/sup_princ, "Maximum Restart Intensity"), for children
/// that die of themselves. The death of a child in which a task is known to be the culprit is that task's
/// failure, and does not count against the pool, however many such tasks there are.
struct restart_options {
  /// The pool fails when more than `intensity` children have died of themselves within `period`. 0 to
  /// 1,000,000; with 0 the first such death fails the pool.
  std::size_t intensity = 100;
  std::chrono::milliseconds period{5000};

  /// Wait before a child that died before it was ready is started again. Doubles with each such death
  /// in a row, up to 1 s. 0 to 1 s. The successor of a child that had been ready starts at once.
  std::chrono::milliseconds backoff{20};

  /// A pool that has never had a ready child fails after this many starts in a row, of any of its
  /// children, that did not get as far as ready. 1 to 1,000,000.
  std::size_t start_attempts = 5;

  /// A pool that had ready children goes on with those that it has when others cannot be started (no
  /// descriptors, no processes, an initializer whose database is away for a moment): the starts are tried
  /// again with `backoff`. It fails when it has had no ready child for this long. 0 to 1 day. What an
  /// initializer throws in the very first children, or in the very first spares, fails the pool at once.
  std::chrono::milliseconds give_up_after{30'000};
};

} // namespace troupe

#pragma GCC visibility pop
