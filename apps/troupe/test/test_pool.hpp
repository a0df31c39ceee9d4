#pragma once

#include "test/run_state.hpp"

#include <iosfwd>
#include <memory>
#include <vector>

namespace troupe_cli::test {

/// The pool whose children run the processes of tests. There is one at a time.
class test_pool {
public:
  /// `width` children.
  test_pool(unsigned width, std::chrono::milliseconds grace);
  test_pool(const test_pool&) = delete;
  test_pool& operator=(const test_pool&) = delete;
  /// Ends what still runs, and waits for its end.
  ~test_pool();

  /// Runs some processes, all at once as far as there are children, and returns what became of them in their order.
  std::vector<attempt> run_each(std::vector<process_order> orders);

  /// Runs everything that `state` has, and returns the signal that ended it, or 0. The first SIGINT or SIGTERM, and
  /// SIGHUP, let what runs come to its end; the second SIGINT or SIGTERM ends it. SIGUSR1, and the
  /// key t in a terminal, print what runs. Notices for people go to `notices`.
  int run(run_state& state, std::ostream& notices);

private:
  struct implementation;
  std::unique_ptr<implementation> self_;
};

} // namespace troupe_cli::test
