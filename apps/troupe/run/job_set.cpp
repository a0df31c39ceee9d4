#include "run/job_set.hpp"

#include "jobs/read_job.hpp"
#include "problems.hpp"
#include "text/terminal_text.hpp"

#include <troupe/errors.hpp>
#include <troupe/pool_options.hpp>

#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <set>
#include <stdexcept>
#include <thread>

namespace troupe_cli {

namespace {

std::string names_of(const std::vector<job>& jobs) {
  std::string names;
  for (const auto& one : jobs)
    names += (names.empty() ? "" : ", ") + text::printable(one.name);
  return names.empty() ? "none" : names;
}

// What items that are submitted later have.
bool is_live_key(std::string_view key) {
  static constexpr std::array<std::string_view, 6> keys{
    "timeout", "expires", "retries", "idempotent", "priority", "on_failure"};
  return key.starts_with("retries.") || std::ranges::find(keys, key) != keys.end();
}

std::string seconds(std::chrono::steady_clock::duration time) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.1f s", std::chrono::duration<double>(time).count());
  return text.data();
}

} // namespace

std::vector<job> choose_jobs(const job_file& file, const std::vector<std::string>& names) {
  if (names.empty())
    return file.jobs;
  std::set<std::string> wanted;
  auto open = names;
  while (!open.empty()) {
    const auto name = open.back();
    open.pop_back();
    const auto found = std::ranges::find(file.jobs, name, &job::name);
    if (found == file.jobs.end())
      throw usage_problem(
        "there is no job \"" + text::printable(name) + "\"; there are: " + names_of(file.jobs));
    if (wanted.insert(name).second)
      std::ranges::copy(needed_by(*found), std::back_inserter(open));
  }
  std::vector<job> chosen;
  std::ranges::copy_if(file.jobs, std::back_inserter(chosen),
    [&](const job& one) { return wanted.contains(one.name); });
  return chosen;
}

job_set::job_set(troupe::runtime& rt, const job_file& file, std::vector<job> jobs,
  run_report& report, item_journal* journal, std::shared_ptr<pool_trace> trace)
  : rt_(rt)
  , report_(report)
  , trace_(std::move(trace)) {
  for (auto& one : jobs)
    entries_.push_back(
      std::make_unique<running_job>(running_job{.what = std::move(one), .run = nullptr}));
  std::set<std::string> taken;
  for (const auto& one : entries_)
    if (one->what.input.what == job_input::kind::job)
      taken.insert(one->what.input.job);
  for (const auto& one : entries_) {
    // What nobody takes, and no file gets, is shown.
    if (one->what.output.file.empty() && !taken.contains(one->what.name))
      one->what.output.file = "-";
    auto work = work_of(one->what, file);
    one->kind = work.kind;
    one->run = std::make_unique<job_run>(
      one->what, std::move(work), pool_of(one->what.pool, file), report_, journal);
  }
  connect();
  for (const auto& module : file.modules) {
    std::error_code failure;
    modules_.emplace(module.path, std::filesystem::last_write_time(module.path, failure));
  }
}

job_set::~job_set() = default;

troupe::pool_options job_set::options_of(const std::string& pool, const job_file& file) const {
  auto options = pool.empty() ? troupe::pool_options() : file.config.pool(pool);
  if (pool.empty() && !file.modules.empty()) {
    std::vector<std::string> modules;
    for (const auto& module : file.modules)
      modules.push_back(module.path);
    options.initializer = troupe::load_modules(modules);
  }
  // A command has its own time to end in, which is shorter.
  options.cancel_grace = std::max(options.cancel_grace, std::chrono::milliseconds(5'000));
  return options;
}

item_pool& job_set::pool_of(const std::string& name, const job_file& file) {
  auto& pool = pools_[name];
  if (!pool) {
    auto options = options_of(name, file);
    if (trace_)
      record(options, trace_, "item");
    pool = std::make_unique<item_pool>(rt_, std::move(options));
  }
  return *pool;
}

item_work job_set::work_of(const job& one, const job_file& file) const {
  item_work work{.command = one.command};
  if (const auto found = file.tasks.find(one.name); found != file.tasks.end()) {
    work.module = found->second.module;
    work.task = found->second.task.name;
    work.kind = found->second.task.kind;
  }
  return work;
}

// What a job needs is among those that were chosen.
job_set::running_job& job_set::find(const std::string& name) const {
  return **std::ranges::find_if(entries_, [&](const auto& one) { return one->what.name == name; });
}

void job_set::connect() {
  for (const auto& one : entries_)
    if (one->what.input.what == job_input::kind::job) {
      auto pipe = std::make_shared<item_pipe>();
      find(one->what.input.job).run->give_to(pipe);
      one->run->take_from(std::move(pipe));
    }
}

exit_code job_set::run() {
  std::vector<std::thread> threads;
  for (const auto& one : entries_)
    threads.emplace_back([this, &one] { run_one(*one); });
  for (auto& thread : threads)
    thread.join();
  for (const auto& [name, pool] : pools_) {
    pool->close();
    pool->join();
  }
  if (report_.is_broken())
    return exit_code::broken;
  const std::lock_guard lock(mutex_);
  if (draining_)
    return exit_code::stopped;
  const bool ok = std::ranges::all_of(entries_, [](const auto& one) { return one->ok; });
  return ok ? exit_code::ok : exit_code::failed;
}

// Whether all that it comes after have ended well.
bool job_set::may_begin(const running_job& one) const {
  return std::ranges::all_of(
    one.what.after, [this](const std::string& name) { return find(name).ok; });
}

void job_set::run_one(running_job& one) {
  bool begins = false;
  bool may = false;
  {
    std::unique_lock lock(mutex_);
    ended_.wait(lock, [&] {
      return std::ranges::all_of(
        one.what.after, [this](const std::string& name) { return find(name).ended; });
    });
    may = may_begin(one);
    begins = may && !draining_;
  }
  const auto start = std::chrono::steady_clock::now();
  if (begins) {
    one.run->run();
    tell_end(one, std::chrono::steady_clock::now() - start);
  } else {
    one.run->leave_out();
    report_.line(text::printable(one.what.name) + ": not run, since " +
                 (may ? "the run is stopped" : "what it comes after did not end well"));
  }
  const std::lock_guard lock(mutex_);
  one.ended = true;
  one.ok = begins && one.run->ok();
  ended_.notify_all();
}

void job_set::tell_end(const running_job& one, std::chrono::steady_clock::duration took) {
  const auto counts = one.run->counts();
  const auto earlier = [](std::size_t count, const char* advice) {
    return count > 0 ? " (" + std::to_string(count) + " in an earlier run" + advice + ")"
                     : std::string();
  };
  report_.line(text::printable(one.what.name) + ": " + std::to_string(counts.done) + " done" +
               earlier(counts.done_before, "") +
               (counts.failed > 0
                   ? ", " + std::to_string(counts.failed) + " failed" +
                       earlier(counts.failed_before, "; --retry-failed runs what has failed again")
                   : "") +
               ", in " + seconds(took));
}

void job_set::drain() {
  const std::lock_guard lock(mutex_);
  draining_ = true;
  for (const auto& one : entries_)
    if (!one->ended)
      one->run->stop();
}

void job_set::terminate() {
  const std::lock_guard lock(mutex_);
  draining_ = true;
  for (const auto& one : entries_)
    one->run->cancel();
  for (const auto& [name, pool] : pools_)
    pool->terminate();
}

// -- what has changed -----------------------------------------------------------------------------------

namespace {

std::string shown(const std::string& value, const char* otherwise) {
  return value.empty() ? otherwise : text::printable(value);
}

bool has_pool(const job_file& file, const std::string& name) {
  return name.empty() || std::ranges::count(file.config.pool_names(), name) != 0;
}

// Whether a pool takes a change. It refuses what does not fit to options of its that only a restart changes, and has
// nothing left to run where it has closed.
template <class Change>
bool takes(Change change) {
  try {
    change();
    return true;
  } catch (const std::invalid_argument&) {
    return false;
  } catch (const troupe::pool_closed&) {
    return false;
  }
}

} // namespace

const char* job_set::words_for(effect what) {
  switch (what) {
  case effect::applied:
    return ", applied";
  case effect::recycling:
    return ", needs recycling: children are replaced, one after the other";
  case effect::restart:
    break;
  }
  return ", needs a restart";
}

// What becomes of each change is known before anything is said of it.
void job_set::change(const troupe::config& before, const job_file& now) {
  const std::lock_guard lock(mutex_);
  const auto modules = changed_modules(before, now);
  const auto all = troupe::changes(before, now.config);
  if (modules.empty() && all.empty())
    return report_.line("the file has been read again, and nothing in it has changed");
  std::vector<effect> effects;
  std::set<std::string> outdated; // pools
  for (const auto& one : all) {
    effects.push_back(apply(one, now));
    if (effects.back() == effect::recycling)
      outdated.insert(one.pool);
  }
  if (!modules.empty())
    for (const auto& [name, pool] : pools_)
      outdated.insert(name);
  const auto renewed = renew_pools(outdated, now);
  for (const auto& what : modules)
    report_.line(what + words_for(renewed == outdated ? effect::recycling : effect::restart));
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (effects[i] == effect::recycling && !renewed.contains(all[i].pool))
      effects[i] = effect::restart;
    report_.line(text::printable(all[i].key) + ": " + shown(all[i].before, "not there") +
                 (all[i].value.empty() ? " is gone" : " is now " + text::printable(all[i].value)) +
                 words_for(effects[i]));
  }
}

// What is to be said of modules if children are to load other ones than before.
std::vector<std::string> job_set::changed_modules(
  const troupe::config& before, const job_file& now) {
  std::vector<std::string> changed;
  if (before.modules() != now.config.modules())
    changed.emplace_back("modules: the list has changed");
  std::map<std::string, std::filesystem::file_time_type> present;
  for (const auto& module : now.modules) {
    std::error_code failure;
    const auto time = std::filesystem::last_write_time(module.path, failure);
    present.emplace(module.path, time);
    const auto known = modules_.find(module.path);
    if (!failure && known != modules_.end() && known->second != time)
      changed.push_back(text::printable(module.path) + ": a new file");
  }
  modules_ = std::move(present);
  return changed;
}

// Items are sent to a task as what it was when its job began.
bool job_set::tell_other_kinds(const job_file& now) const {
  bool some = false;
  for (const auto& one : entries_) {
    const auto found = now.tasks.find(one->what.name);
    if (found == now.tasks.end() || found->second.task.kind == one->kind)
      continue;
    some = true;
    report_.line(text::printable(one->what.name) + ": the task " + text::printable(one->what.task) +
                 " was another kind of function before, so children stay as they are");
  }
  return some;
}

// Gives those of which the children are being replaced.
std::set<std::string> job_set::renew_pools(
  const std::set<std::string>& names, const job_file& now) {
  std::set<std::string> renewed;
  if (names.empty() || tell_other_kinds(now))
    return renewed;
  for (const auto& name : names)
    if (has_pool(now, name) && takes([&] { pools_.at(name)->renew(options_of(name, now)); }))
      renewed.insert(name);
  return renewed;
}

job_set::effect job_set::apply(const troupe::config_change& change, const job_file& now) {
  const auto pool = pools_.find(change.pool);
  if (!change.pool.empty() && pool != pools_.end()) {
    if (change.effect == troupe::change_effect::restart || !has_pool(now, change.pool))
      return effect::restart;
    if (change.effect == troupe::change_effect::recycle)
      return effect::recycling;
    const auto processes = now.config.pool(change.pool).processes;
    return takes([&] { pool->second->resize(processes); }) ? effect::applied : effect::restart;
  }
  for (const auto& one : entries_) {
    const auto place = std::ranges::find(now.jobs, one->what.name, &job::name);
    const auto prefix = "job." + one->what.name + '.';
    if (place == now.jobs.end() || !change.key.starts_with(prefix) ||
        !is_live_key(std::string_view(change.key).substr(prefix.size())))
      continue;
    one->run->set_options(place->options, place->stop_on_failure);
    return effect::applied;
  }
  return effect::restart;
}

} // namespace troupe_cli
