#include "test/terminal_report.hpp"

#include "test/paragraphs.hpp"
#include "text/terminal_text.hpp"

#include <ostream>

namespace troupe_cli::test {

terminal_report::terminal_report(std::ostream& out, const plan& what, bool verbose)
  : out_(out)
  , plan_(what)
  , verbose_(verbose) {}

void terminal_report::print_failure(const test_result& result, std::string_view label) {
  const auto& test = plan_.tests[result.test];
  out_ << headline(label, result.last().time, plan_.title(test)) << '\n' << details(result.last());
  if (result.last().forked)
    out_ << "  it was forked from its program: --no-fork, or fork = false in a file of settings, "
            "executes it\n";
  out_ << "  again: "
       << text::printable(shell_text(rerun_line(plan_, test), test.settings.environment)) << "\n\n";
}

void terminal_report::on_try(const test_result& so_far) {
  const auto number = std::to_string(so_far.tries.size());
  out_ << headline("TRY " + number, so_far.last().time, plan_.title(plan_.tests[so_far.test]))
       << ' ' << label_of(so_far.kind()) << '\n'
       << details(so_far.last()) << "  it is tried again\n\n"
       << std::flush;
}

void terminal_report::on_result(const test_result& result) {
  const auto& test = plan_.tests[result.test];
  if (is_failure(result.kind()))
    print_failure(result, label_of(result.kind()));
  else if (result.flaky())
    out_ << headline("FLAKY", result.last().time, plan_.title(test)) << " passed at attempt "
         << result.tries.size() << '\n';
  else if (verbose_)
    out_ << headline(label_of(result.kind()), result.last().time, plan_.title(test))
         << (result.last().message.empty() ? "" : ": ") << text::printable(result.last().message)
         << '\n';
  out_ << std::flush;
}

void terminal_report::on_process_result(const process_result& result) {
  out_ << headline(label_of(result.what.kind), result.what.time,
            plan_.programs[result.program].name + ' ' + result.suite + " (its process)")
       << '\n'
       << details(result.what) << '\n'
       << std::flush;
}

void terminal_report::sum_up(const results& all, bool flaky_fails) {
  const auto numbers = count(all);
  bool headed = false;
  const auto list = [&](const std::string& line) {
    out_ << (headed ? "" : "\nWhat is not well:\n") << line << '\n';
    headed = true;
  };
  for (const auto& each : all.tests) {
    const auto title = plan_.title(all.planned(each));
    if (is_failure(each.kind()))
      list(headline(label_of(each.kind()), each.last().time, title) + ": " +
           text::printable(each.last().message));
    else if (each.flaky())
      list(headline("FLAKY", each.last().time, title) + ": " +
           text::printable(each.tries.front().message));
  }
  for (const auto& each : all.processes)
    list(headline(label_of(each.what.kind), each.what.time,
           plan_.programs[each.program].name + ' ' + each.suite + " (its process)") +
         ": " + text::printable(each.what.message));
  for (const auto& each : all.problems)
    list(text::printable(each));
  if (headed)
    out_ << '\n';
  out_ << all.tests.size() << (all.tests.size() == 1 ? " test" : " tests") << " in "
       << seconds_text(all.time) << ": " << numbers.passed << " passed";
  if (numbers.flaky > 0)
    out_ << ", " << numbers.flaky << " flaky" << (flaky_fails ? " (taken for failures)" : "");
  out_ << ", " << numbers.failed << " failed";
  if (numbers.skipped > 0)
    out_ << ", " << numbers.skipped << " skipped";
  if (numbers.not_run > 0)
    out_ << ", " << numbers.not_run << " not run";
  out_ << '\n' << std::flush;
}

} // namespace troupe_cli::test
