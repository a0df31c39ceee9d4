#include "test/run_state.hpp"

#include "test/environment.hpp"

#include <algorithm>
#include <utility>

namespace troupe_cli::test {

run_state::run_state(const plan& what, run_options options, run_listener& listener)
  : plan_(what)
  , options_(std::move(options))
  , listener_(listener)
  , schedule_(options_.width)
  , job_of_test_(what.tests.size())
  , tests_of_program_(what.programs.size()) {
  results_.plan = &plan_;
  for (std::size_t i = 0; i < plan_.tests.size(); ++i) {
    results_.tests.push_back({i, {}});
    ++tests_of_program_[plan_.tests[i].program];
  }
  for (auto& each : results_.tests)
    if (plan_.tests[each.test].what.disabled) {
      verdict disabled;
      disabled.kind = verdict_kind::skipped;
      disabled.message = "disabled";
      each.tries.push_back(std::move(disabled));
      ++done_;
    }
  auto groups = jobs_of(plan_, options_.group_suites);
  // All get their numbers first, since one may come after another that stands behind it.
  for (std::size_t i = 0; i < groups.size(); ++i)
    for (const auto test : groups[i])
      job_of_test_[test] = i;
  for (auto& each : groups)
    add(std::move(each), false);
}

demand run_state::demand_of(const std::vector<std::size_t>& tests) const {
  demand out;
  for (const auto each : tests) {
    const auto& test = plan_.tests[each];
    out.priority += test.expected_seconds + test.settings.cost;
    for (const auto before : test.after)
      if (!plan_.tests[before].what.disabled) // such a one has no job, and nobody waits for it
        out.after.push_back(job_of_test_[before]);
  }
  const auto& settings = plan_.tests[tests.front()].settings;
  out.weight = settings.weight;
  out.serial = settings.serial;
  out.exclusive = settings.exclusive;
  return out;
}

std::size_t run_state::add(std::vector<std::size_t> tests, bool first) {
  auto what = demand_of(tests);
  jobs_.push_back({std::move(tests)});
  return first ? schedule_.add_first(std::move(what)) : schedule_.add(std::move(what));
}

std::string run_state::title_of(const std::vector<std::size_t>& tests) const {
  const auto& first = plan_.tests[tests.front()];
  if (tests.size() == 1)
    return plan_.title(first);
  return plan_.program_of(first).name + ' ' + first.what.suite + " (" +
         std::to_string(tests.size()) + " tests)";
}

// What is made before `main` has the environment of another test. And each place to run executes the program, once.
bool run_state::is_forked(const planned_test& test) const {
  const auto& settings = test.settings;
  return options_.forks && settings.fork && plan_.program_of(test).forks_tests &&
         tests_of_program_[test.program] > options_.width && settings.environment.empty() &&
         settings.environment_without.empty() && settings.directory.empty();
}

process_order run_state::order_for(const std::vector<std::size_t>& tests, unsigned slot) {
  const auto& first = plan_.tests[tests.front()];
  const auto& which = plan_.program_of(first);
  process_order out;
  out.folder = options_.folder + '/' + std::to_string(slot);
  auto line = line_of(plan_, tests, out.folder);
  out.what.argv = std::move(line.argv);
  out.words_text = std::move(line.words_text);
  if (is_forked(first))
    out.zygote_argv = zygote_line(which);
  out.what.directory = first.settings.directory;
  out.what.grace = options_.grace;
  out.what.environment = environment_of(which, first.settings, slot);
  out.what.environment_without = environment_without(which, first.settings);
  out.timeout = first.settings.timeout * static_cast<int>(tests.size());
  out.trace_from_start = !which.sanitized;
  return out;
}

/// Gives up tests whose fixtures have failed. Returns whether the job is one of them.
bool run_state::skip_blocked(const std::vector<std::size_t>& tests) {
  const auto& test = plan_.tests[tests.front()];
  for (const auto each : test.requires_passed) {
    const auto& needed = results_.tests[each];
    // CTest, too, takes a disabled set-up for one that has passed.
    if (needed.kind() == verdict_kind::passed || plan_.tests[each].what.disabled)
      continue;
    verdict out;
    out.kind = verdict_kind::not_started;
    out.type = "fixture";
    out.message = "\"" + plan_.title(plan_.tests[each]) + "\", which it needs, has not passed";
    results_.tests[tests.front()].tries.push_back(std::move(out));
    finish(tests.front());
    return true;
  }
  return false;
}

std::optional<run_state::work> run_state::next(unsigned slot) {
  for (;;) {
    const auto number = schedule_.next();
    if (!number) {
      if (schedule_.running() == 0 && schedule_.waiting() > 0) {
        results_.problems.emplace_back("tests wait for each other in a circle, and were not run");
        stop();
      }
      return std::nullopt;
    }
    const auto& tests = jobs_[*number].tests;
    if (skip_blocked(tests)) {
      schedule_.ended(*number);
      continue;
    }
    return work{
      *number, order_for(tests, slot), title_of(tests), plan_.tests[tests.front()].settings.slow};
  }
}

void run_state::conclude(std::size_t test, verdict what) {
  auto& result = results_.tests[test];
  result.tries.push_back(std::move(what));
  const auto& last = result.last();
  const bool again = !stopped_ && is_failure(last.kind) &&
                     options_.retry_causes.contains(cause_of(last.kind)) &&
                     result.tries.size() <= plan_.tests[test].settings.retries;
  if (!again) {
    finish(test);
    return;
  }
  listener_.on_try(result);
  add({test}, true);
}

void run_state::finish(std::size_t test) {
  ++done_;
  listener_.on_result(results_.tests[test]);
  if (options_.until_fail && is_failure(results_.tests[test].kind()))
    stop();
}

void run_state::ended(std::size_t number, const attempt& how) {
  schedule_.ended(number);
  const auto tests = jobs_[number].tests; // a retry adds to the jobs
  const auto& first = plan_.tests[tests.front()];
  const auto& which = plan_.program_of(first);
  const auto& rules = rules_of(which.framework);
  const bool is_plain = which.framework == framework::plain;
  const auto record = rules.read_record(
    {.out = how.output, .err = {}, .file = how.record, .exit_code = how.end.exit_code});
  if (tests.size() == 1) {
    conclude(
      tests.front(), judge(first.what, how, is_plain ? nullptr : &record, first.settings.plain));
    return;
  }
  std::vector<const test_case*> cases;
  for (const auto each : tests)
    cases.push_back(&plan_.tests[each].what);
  auto verdicts = judge_group(cases, how, record);
  for (std::size_t i = 0; i < tests.size(); ++i)
    if (verdicts.cases[i])
      conclude(tests[i], std::move(*verdicts.cases[i]));
    else if (!stopped_)
      add({tests[i]}, false); // the process died before its turn
  if (verdicts.process) {
    results_.processes.push_back({first.program, first.what.suite, std::move(*verdicts.process)});
    listener_.on_process_result(results_.processes.back());
    if (options_.until_fail)
      stop();
  }
}

void run_state::stop() {
  stopped_ = true;
  schedule_.drop_waiting();
}

} // namespace troupe_cli::test
