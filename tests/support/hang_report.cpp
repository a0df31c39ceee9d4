#include "support/hang_report.hpp"

#include "api/runtime_state.hpp"
#include "child/runtime/stack_report.hpp"
#include "link/stack_question.hpp"
#include "support/baseline.hpp"
#include "support/process_info.hpp"
#include "support/test_runtime.hpp"

#include <cstdio>
#include <exception>
#include <fstream>
#include <future>
#include <memory>
#include <thread>
#include <vector>

#include <unistd.h>

namespace troupe::test {

namespace {

constexpr std::chrono::seconds patience_with_the_loop{5};

void say(const std::string& line) {
  std::fprintf(stderr, "%s\n", line.c_str());
}

void say_indented(const std::string& text) {
  std::size_t begin = 0;
  while (begin < text.size()) {
    const auto end = std::min(text.find('\n', begin), text.size());
    say("    " + text.substr(begin, end - begin));
    begin = end + 1;
  }
}

void report_stacks(const std::vector<thread_stack>& stacks) {
  for (const auto& one : stacks) {
    say("  thread " + std::to_string(one.thread) + " (" + one.name + ")" +
        (one.frames.empty() ? ": no answer" : ""));
    say_indented(one.text());
  }
}

void report_own_threads() {
  static link::stack_area area{}; // handlers that are late write into it
  child::install_stack_handler(area);
  const link::stack_question question(area, ::getpid());
  static_cast<void>(eventually([&] { return question.answered(); }, patience_with_the_loop));
  say("the threads of this process:");
  report_stacks(question.stacks());
}

void report_processes() {
  say("what it has started, and has not ended:");
  for (const auto& line : baseline::now().excess_over(baseline()))
    if (line.starts_with("process"))
      say("  " + line);
}

void report_pool(parent::pool_control& pool, const pool_snapshot& seen) {
  const auto& stats = seen.stats;
  say("pool " + stats.name + (seen.closing ? ", closing" : "") + ": submitted " +
      std::to_string(stats.submitted) + ", succeeded " + std::to_string(stats.succeeded) +
      ", failed " + std::to_string(stats.failed) + ", lost " + std::to_string(stats.lost) +
      ", timed out " + std::to_string(stats.timed_out) + ", expired " +
      std::to_string(stats.expired) + ", cancelled " + std::to_string(stats.cancelled) +
      ", queued " + std::to_string(stats.queued) + ", running " + std::to_string(stats.running) +
      ", deaths " + std::to_string(stats.deaths));
  for (const auto& task : seen.running)
    say("  task " + std::to_string(task.id) + ", attempt " + std::to_string(task.attempt) +
        ", in child " + std::to_string(task.slot) + " (pid " + std::to_string(task.pid) + ")");
  for (const auto& child : stats.children) {
    say("  child " + std::to_string(child.slot) + " (pid " + std::to_string(child.pid) +
        "): " + to_string(child.state) + ", state of the process: " + state_of(child.pid));
    if (child.pid == 0)
      continue;
    try {
      report_stacks(pool.stack_of(child.slot));
    } catch (const std::exception& e) {
      say(std::string("  no stack: ") + e.what());
    }
  }
}

void report_pools() {
  for (const auto& pool : detail::runtime_access::services(rt()).pools.handles()) {
    const auto answer = std::make_shared<std::promise<pool_snapshot>>();
    auto seen = answer->get_future();
    pool->ask_snapshot([answer](pool_snapshot&& value, const std::exception_ptr& problem) {
      problem ? answer->set_exception(problem) : answer->set_value(std::move(value));
    });
    if (seen.wait_for(patience_with_the_loop) != std::future_status::ready) {
      say("the event loop does not answer");
      return;
    }
    try {
      report_pool(*pool, seen.get());
    } catch (const std::exception& e) {
      say(std::string("a pool does not answer: ") + e.what());
    }
  }
}

} // namespace

void report_hang(const std::string& test, std::chrono::seconds after) {
  say("\nNOT OVER after " + std::to_string(after.count()) + " s: " + test);
  report_own_threads();
  report_processes();
  report_pools();
  std::fflush(stderr);
}

} // namespace troupe::test
