#include "lines/named_task.hpp"

#include <troupe/input.hpp>
#include <troupe/module_coroutine.hpp>
#include <troupe/pool.hpp>

#include <boost/asio/awaitable.hpp>

namespace troupe_cli {

namespace {

// -- in children ----------------------------------------------------------------------------------------

// What the lines of this child are for.
std::optional<troupe::loaded_task> task_of_lines;

void choose_task(std::string module, std::string name) {
  task_of_lines = troupe::loaded_task::find(module, name);
}

std::string run_line(std::string_view line) {
  return task_of_lines->call(line, troupe::call_form::text);
}

boost::asio::awaitable<std::string> run_coroutine_line(std::string line) {
  co_return co_await task_of_lines->start(std::move(line), troupe::call_form::text);
}

// -- in the parent --------------------------------------------------------------------------------------

// The lines as a range that is read as the results are taken.
class line_range {
public:
  explicit line_range(const std::function<std::optional<std::string>()>& next)
    : next_(next) {}

  class iterator {
  public:
    using value_type = std::string;
    using difference_type = std::ptrdiff_t;

    iterator() = default;
    explicit iterator(line_range& of)
      : of_(&of) {}

    const std::string& operator*() const { return *of_->line_; }
    iterator& operator++() {
      of_->read();
      return *this;
    }
    void operator++(int) { ++*this; }
    bool operator==(std::default_sentinel_t) const { return !of_->line_; }

  private:
    line_range* of_ = nullptr;
  };

  iterator begin() {
    read();
    return iterator(*this);
  }
  std::default_sentinel_t end() const noexcept { return {}; }
  /// What reading has thrown.
  const std::exception_ptr& failure() const noexcept { return failure_; }

private:
  // The end is asked for again as long as there are results, and comes once.
  void read() {
    if (ended_)
      return;
    try {
      line_ = next_();
    } catch (...) { // not a failure of a line
      failure_ = std::current_exception();
      line_.reset();
    }
    ended_ = !line_;
  }

  const std::function<std::optional<std::string>()>& next_;
  std::optional<std::string> line_;
  std::exception_ptr failure_;
  bool ended_ = false;
};

template <class Results>
line_counts take_results(Results results, const line_handlers& handlers) {
  line_counts counts;
  for (std::size_t number = 1;; ++number) {
    std::exception_ptr failure;
    std::optional<std::string> result;
    try {
      result = results.next_blocking();
    } catch (const troupe::pool_failed&) {
      throw;
    } catch (...) {
      failure = std::current_exception();
    }
    if (failure) {
      ++counts.failed;
      if (!handlers.failure(number, failure)) {
        results.cancel();
        return counts;
      }
    } else if (result) {
      ++counts.done;
      handlers.result(*result);
    } else {
      return counts;
    }
  }
}

} // namespace

line_counts run_line_task(
  troupe::runtime& rt, const line_task& what, const line_handlers& handlers) {
  auto options = what.pool;
  options.initializer = troupe::call(choose_task, what.task.module, what.task.task.name);
  troupe::pool pool(rt, std::move(options));
  const troupe::map_options map{.task = what.options};
  line_range lines(handlers.next);
  line_counts counts;
  switch (what.task.task.kind) {
  case troupe::module_task_kind::plain:
    counts = take_results(pool.map(map, run_line, lines), handlers);
    break;
  case troupe::module_task_kind::blocking:
    counts = take_results(pool.map(map, troupe::blocking(run_line), lines), handlers);
    break;
  case troupe::module_task_kind::coroutine:
    counts = take_results(pool.map(map, run_coroutine_line, lines), handlers);
  }
  pool.close();
  pool.join();
  if (lines.failure())
    std::rethrow_exception(lines.failure());
  return counts;
}

} // namespace troupe_cli
