#pragma once

#include "link/stack_question.hpp"

#include <troupe/snapshot.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <sys/types.h>

namespace troupe::parent {

/// Is given the stacks, or why there are none; once, and once more with that if it throws.
using stack_answer = std::function<void(std::vector<thread_stack>&&, const std::exception_ptr&)>;

/// Asks the threads of a child for their stacks, and waits for them, but no longer than `limits::stack_patience`. On the
/// loop's thread. Keeps itself as long as it waits.
class stack_request : public std::enable_shared_from_this<stack_request> {
public:
  /// Asks nobody yet. `who` is the child in the message of an error.
  static std::shared_ptr<stack_request> start(boost::asio::io_context& io,
    std::shared_ptr<link::shared_region> region, pid_t pid, std::string who);
  /// Asks all threads, or `thread` alone if it is not 0; the answer, which may have others as well, goes here. Throws
  /// `std::system_error`; then there is no answer.
  void add(pid_t thread, stack_answer answer);

private:
  using clock = std::chrono::steady_clock;

  stack_request(boost::asio::io_context& io, std::shared_ptr<link::shared_region> region, pid_t pid,
    std::string who);
  void look();
  void take_turn() noexcept;
  void finish();
  void tell(const std::vector<thread_stack>& stacks, const std::exception_ptr& problem) noexcept;

  const std::shared_ptr<link::shared_region> region_;
  const pid_t pid_;
  const std::string who_;
  link::stack_question question_;
  boost::asio::steady_timer timer_;
  clock::time_point deadline_;
  std::chrono::milliseconds pause_{1};
  std::vector<stack_answer> askers_;
};

} // namespace troupe::parent
