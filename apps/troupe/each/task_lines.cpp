#include "each/task_lines.hpp"

#include "each/output_writer.hpp"
#include "exit_code.hpp"
#include "lines/byte_input.hpp"
#include "lines/named_task.hpp"
#include "problems.hpp"
#include "text/terminal_text.hpp"

#include <troupe/runtime.hpp>

#include <cerrno>
#include <cstring>
#include <iostream>

#include <unistd.h>

namespace troupe_cli {

namespace {

// Writes lines to stdout, many at once.
class line_output {
public:
  void add(std::string_view line, char delimiter) {
    (text_ += line) += delimiter;
    if (text_.size() >= most_bytes)
      flush();
  }
  void flush() {
    std::string_view rest = text_;
    while (!rest.empty()) {
      const auto n = ::write(STDOUT_FILENO, rest.data(), rest.size());
      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0 && errno == EPIPE)
        throw closed_output();
      if (n < 0)
        throw broken_problem(std::string("cannot write to stdout: ") + std::strerror(errno));
      rest.remove_prefix(static_cast<std::size_t>(n));
    }
    text_.clear();
  }

private:
  static constexpr std::size_t most_bytes = std::size_t{64} * 1024;
  std::string text_;
};

std::string failure_text(const std::exception_ptr& failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const std::exception& e) {
    return text::printable(e.what());
  } catch (...) {
    return "an exception of an unknown type";
  }
}

// The inputs one after the other, from the command line or from bytes.
std::function<std::optional<std::string>()> inputs_of(
  const each_options& options, std::unique_ptr<byte_input>& bytes, const stop_bell& bell) {
  if (options.arguments)
    return [&all = *options.arguments, at = std::size_t{0}]() mutable {
      return at < all.size() ? std::optional(all[at++]) : std::nullopt;
    };
  bytes = std::make_unique<byte_input>(options.input_file.empty() ? "-" : options.input_file, bell);
  return [&bytes = *bytes, delimiter = options.delimiter] { return bytes.line(delimiter); };
}

line_task task_of(troupe::runtime& rt, const each_options& options) {
  line_task what{.task = find_line_task(rt, options.task)};
  what.pool.name = "each";
  what.pool.processes = options.jobs;
  if (options.concurrency != 0) {
    what.pool.processes = options.jobs / options.concurrency;
    what.pool.childconcurrency = options.concurrency;
  }
  what.options.timeout = options.timeout;
  return what;
}

int run(const each_options& options) {
  stop_bell bell;
  std::unique_ptr<byte_input> bytes;
  const auto next = inputs_of(options, bytes, bell);
  troupe::runtime rt;
  const auto task = task_of(rt, options);
  line_output out;
  const auto counts = run_line_task(rt, task,
    {.next = next,
      .result =
        [&, gives = task.task.task.result != "null"](std::string_view result) {
          if (gives)
            out.add(result, options.delimiter);
        },
      .failure =
        [&](std::size_t number, const std::exception_ptr& failure) {
          if (!options.quiet)
            std::cerr << "troupe each: input " + std::to_string(number) + ": " +
                           failure_text(failure) + '\n';
          return true;
        }});
  out.flush();
  return static_cast<int>(counts.failed > 0 ? exit_code::failed : exit_code::ok);
}

} // namespace

int run_task_lines(const each_options& options) {
  try {
    return run(options);
  } catch (const troupe::module_error& problem) {
    throw usage_problem(problem.what());
  } catch (const troupe::pool_failed& problem) {
    throw broken_problem(problem.what());
  } catch (const broken_problem&) {
    throw;
  } catch (const std::runtime_error& problem) { // of the input
    throw broken_problem(problem.what());
  }
}

} // namespace troupe_cli
