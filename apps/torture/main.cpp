// troupe-torture: what troupe promises of faults, shown by faults.
#include "account.hpp"
#include "arena.hpp"
#include "command_line.hpp"
#include "descendants.hpp"
#include "parent_states.hpp"
#include "work.hpp"

#include <troupe/child_entry.hpp>
#include <troupe/pool.hpp>
#include <troupe/this_child.hpp>

#include <spdlog/sinks/null_sink.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <iterator>
#include <memory>

namespace torture {

namespace {

constexpr sub_command all[] = {
  {"kill", "Tasks while children are killed at random", kill, false, troupe::start_method::spawn,
    20},
  {"blast", "One of several children is killed again and again: the others notice nothing", blast},
  {"poison", "A map with items that crash", poison, true, troupe::start_method::spawn, 3},
  {"detect", "How soon a death is known", detect, false, troupe::start_method::spawn, 2},
  {"leak", "Thousands of deaths, and nothing that grows", leak},
  {"orphans", "Parents are killed in every state, and leave nothing behind", orphans, true},
  {"hostile", "Children that write garbage to all that they share with the parent", hostile, false,
    troupe::start_method::forkserver},
  {"fork", "Tasks that fork, whatever their copies do", fork},
  {"race", "Tasks are cancelled while they are sent, begin, end, or die", race},
  {"stop", "Pools are closed and terminated in every state", stop},
  {"stall", "Children, and the parent, are stopped and go on", stall},
  {"alloc", "Allocations of the parent fail", alloc, false, troupe::start_method::forkserver},
};

// Children die by the thousand here. What troupe says of that is put into words, as for any program, and not shown.
void keep_log_from_terminal() {
  spdlog::register_logger(
    std::make_shared<spdlog::logger>("troupe", std::make_shared<spdlog::sinks::null_sink_mt>()));
}

bool uses_fork(const std::vector<troupe::start_method>& used) {
  return std::find(used.begin(), used.end(), troupe::start_method::fork) != used.end();
}

int run_in(troupe::runtime& rt, const sub_command& chosen, const settings& with) {
  verdict says;
  tally tasks(says);
  std::mt19937_64 random(with.seed);
  watch watched(chosen.name, with, tasks, says);
  arena in{rt, with, tasks, says, watched, random};
  warm_up(in, methods(with));
  const auto before = footprint::now();
  chosen.run(in);
  tasks.settle();
  const auto is_clean = [&] { return footprint::now().excess_over(before).empty(); };
  if (!eventually(is_clean, std::chrono::seconds(10)))
    says.broken("this process has more than before:" + footprint::now().excess_over(before));
  says.figure("unbegun", tasks.unbegun());
  says.figure("seed", with.seed);
  return says.print(chosen.name, tasks.total());
}

} // namespace

std::span<const sub_command> sub_commands() {
  return all;
}

constexpr int usage_error = 2;

int run(const command_line& line, int argc, char** argv) {
  auto with = line.with;
  if (!line.state.empty()) {
    if (with.start.has_value())
      troupe::set_start_method(*with.start);
    troupe::runtime rt{argc, argv};
    be_parent(rt, line.state, troupe::get_start_method());
  }
  const auto& chosen = *std::find_if(
    std::begin(all), std::end(all), [&](const auto& each) { return line.name == each.name; });
  if (with.tasks != 0 && with.tasks < chosen.least_tasks) {
    std::fprintf(stderr, "troupe-torture: %s --tasks must be at least %llu\n", chosen.name,
      static_cast<unsigned long long>(chosen.least_tasks));
    return usage_error;
  }
  if (!chosen.all_methods && !with.start.has_value())
    with.start = chosen.own_method;
  account::make();
  if (uses_fork(methods(with)))
    troupe::set_start_method(troupe::start_method::fork); // the runtime makes its zygote
  troupe::runtime rt{argc, argv};
  return run_in(rt, chosen, with);
}

std::vector<troupe::start_method> methods(const settings& with) {
  if (with.start.has_value())
    return {*with.start};
  return {
    troupe::start_method::spawn, troupe::start_method::forkserver, troupe::start_method::fork};
}

void warm_up(arena& in, const std::vector<troupe::start_method>& with) {
  for (const auto method : with) {
    troupe::pool pool{in.rt, {.processes = 1, .start_method = method}};
    const auto task = in.tasks.submit();
    auto future = pool.apply(glance, task);
    future.wait();
    in.tasks.resolved(task, future.error());
    pool.close();
    pool.join();
  }
  in.tasks.settle();
}

} // namespace torture

int main(int argc, char** argv) {
  if (!troupe::this_child::is_child())
    torture::mark_this_process(argv);
  else
    torture::account::
      look(); // before the first task, whose claim and first line are to be close to each other
  troupe::child_entry(argc, argv);
  std::vector<std::pair<std::string, std::string>> names;
  for (const auto& each : torture::sub_commands())
    names.emplace_back(each.name, each.summary);
  const auto parsed = torture::read_command_line(argc, argv, names);
  if (const auto* exit_code = std::get_if<int>(&parsed))
    return *exit_code;
  try {
    torture::keep_log_from_terminal();
    return torture::run(std::get<torture::command_line>(parsed), argc, argv);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "troupe-torture: %s\n", e.what());
    return 1;
  }
}
