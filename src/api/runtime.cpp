#include <troupe/runtime.hpp>

#include "api/runtime_state.hpp"
#include "base/escape.hpp"
#include "base/forked_copy.hpp"
#include "base/limits.hpp"
#include "caf/actor_thread.hpp"
#include "child/runtime/child_main.hpp"
#include "child/zygote/zygote_main.hpp"
#include "link/segment_pool.hpp"
#include "loop/loop_executor.hpp"
#include "os/command_line.hpp"
#include "os/process_setup.hpp"
#include "os/start_thread.hpp"
#include "os/thread_count.hpp"
#include "parent/child/log.hpp"
#include "parent/child/module_list.hpp"
#include "parent/child/stack_log.hpp"
#include "parent/launch/zygote.hpp"
#include "values/block_source.hpp"

#include <troupe/child_entry.hpp>
#include <troupe/errors.hpp>
#include <troupe/this_child.hpp>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <exception>
#include <future>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

namespace troupe {

namespace {

std::atomic<bool> runtime_exists = false;
std::atomic<runtime*> current_runtime = nullptr; // that is complete

// What `child_entry` has seen; guarded by nothing: it is called at the top of `main`.
std::vector<std::string>& arguments_of_main() {
  static std::vector<std::string> arguments;
  return arguments;
}

// A descriptor that is opened while 0, 1 or 2 is free would become a child's standard stream.
void open_standard_descriptors() {
  int fd = 0;
  do
    fd = ::open("/dev/null", O_RDWR);
  while (fd >= 0 && fd <= 2);
  if (fd > 2)
    ::close(fd);
}

// With SIGCHLD ignored the kernel throws exit statuses away.
void stop_ignoring_children() {
  struct sigaction action {};
  if (::sigaction(SIGCHLD, nullptr, &action) == 0 && action.sa_handler == SIG_IGN)
    ::signal(SIGCHLD, SIG_DFL);
}

void check(const runtime_options& options) {
  using namespace std::chrono_literals;
  if (options.caf_threads < 1 || options.caf_threads > 1024)
    throw std::invalid_argument("runtime option caf_threads must be 1 to 1024");
  for (const auto& call : options.preload)
    if (!call || call.code().kind != detail::call_kind::plain)
      throw std::invalid_argument("runtime option preload takes calls of plain functions: they run "
                                  "before there is an event loop");
  if (options.preload_timeout < 1ms || options.preload_timeout > limits::max_timeout)
    throw std::invalid_argument("runtime option preload_timeout must be 1 ms to 24 h");
}

// The zygote of start method fork, if that is the one; before this process has threads.
std::unique_ptr<parent::zygote> fork_zygote() {
  if (get_start_method() != start_method::fork)
    return nullptr;
  if (const auto threads = os::settled_thread_count(); threads > 1)
    throw std::logic_error("start method fork: this process has " + std::to_string(threads) +
                           " threads, and a process with threads cannot be forked: construct "
                           "troupe::runtime before the others are started");
  return parent::zygote::fork_this_process(
    [](base::unique_fd socket) { child::become_zygote(std::move(socket)); });
}

// CAF ends the program when it cannot start one of its threads. So they are all started here first, where
// that is an exception.
void check_threads(const runtime_options& options) {
  constexpr std::size_t own_threads =
    8; // the loop's, the launchers', the logs', CAF's beside its scheduler
  std::promise<void> end;
  const auto ended = end.get_future().share();
  std::vector<std::thread> threads;
  std::exception_ptr failure;
  try {
    for (std::size_t i = 0; i < options.caf_threads + own_threads; ++i)
      threads.emplace_back([ended] { ended.wait(); });
  } catch (const std::system_error& e) {
    failure = std::make_exception_ptr(
      std::system_error(e.code(), "starting the threads of troupe::runtime"));
  } catch (...) {
    failure = std::current_exception();
  }
  end.set_value();
  for (auto& thread : threads)
    thread.join();
  if (failure)
    std::rethrow_exception(failure);
}

// What large arguments are encoded into.
detail::block_ptr argument_block(std::size_t least) noexcept {
  return base::is_forked_copy() ? nullptr : link::segment_pool::of_process().get(least);
}

parent::launchers::settings launch_settings(
  std::vector<std::string> arguments, const runtime_options& options) {
  parent::launchers::settings result;
  result.arguments = std::move(arguments);
  for (const auto& call : options.preload)
    result.preload.push_back(link::wire_call::from(call));
  result.preload_timeout = options.preload_timeout;
  return result;
}

// What the environment says, and otherwise the options.
bool wants_control(const runtime_options& options) {
  const char* const said = std::getenv("TROUPE_CONTROL");
  if (said == nullptr || *said == '\0')
    return options.control;
  const std::string_view text(said);
  if (text != "0" && text != "1")
    parent::log()->warn(
      "TROUPE_CONTROL must be 1 or 0, but is {}: it is ignored", base::escape(text));
  return text == "1" || (text != "0" && options.control);
}

std::string program_name(const std::vector<std::string>& arguments) {
  const auto path = arguments.empty() ? std::string() : arguments.front();
  return path.substr(path.find_last_of('/') + 1);
}

std::unique_ptr<monitor::monitor_server> let_watch(
  boost::asio::io_context& io, parent::pool_registry& pools, const std::string& program) noexcept {
  try {
    return std::make_unique<monitor::monitor_server>(io, pools, program);
  } catch (const std::exception& e) {
    parent::log()->warn("this process cannot be watched: {}", e.what());
    return nullptr;
  }
}

} // namespace

runtime::state::state(std::vector<std::string> arguments, const runtime_options& options,
  std::unique_ptr<parent::zygote> forked)
  : tasks(options.tasks)
  , config(options.caf_threads, options.configure_caf)
  , system(config)
  , shared_loop(std::make_shared<loop::event_loop>(system))
  , loop(*shared_loop)
  , hub(system, loop)
  , zygote_forker(forked ? std::optional<os::kept_thread>(std::in_place) : std::nullopt)
  , children(launch_settings(arguments, options), std::move(forked)) {
  compat::give_node_id(system);
  compat::leave_actor_system();
  parent::start_log();
  loop_thread = os::start_thread("the event loop", [this] {
    ::pthread_setname_np(::pthread_self(), "troupe-loop");
    loop.run();
  });
  loop::set_loop_executor(loop.io().get_executor());
  if (wants_control(options))
    watched = let_watch(loop.io(), pools, program_name(arguments));
}

runtime::state::~state() {
  watched.reset();
  exported.close_queues();
  pools.end_all();
  processes.end_all();
  exported.end_queues();
  loop.stop();
  loop_thread.join();
  parent::stop_stack_log();
  loop::clear_loop_executor();
  loop.shut_down();
}

void child_entry(int argc, char** argv) {
  child::become_child_if_asked();
  if (argv != nullptr)
    arguments_of_main().assign(argv, argv + argc);
}

runtime::runtime(int argc, char** argv, runtime_options options) {
  start(argv == nullptr ? std::vector<std::string>() : std::vector<std::string>(argv, argv + argc),
    options);
}

runtime::runtime(runtime_options options) {
  start(arguments_of_main(), options);
}

void runtime::start(std::vector<std::string> arguments, const runtime_options& options) {
  child::become_child_if_asked();
  if (this_child::is_child())
    throw not_in_main("troupe::runtime is constructed in a child, where only tasks run");
  base::check_not_forked_copy("troupe::runtime");
  check(options);
  if (runtime_exists.exchange(true))
    throw std::logic_error("this process has a troupe::runtime already");
  try {
    open_standard_descriptors();
    stop_ignoring_children();
    if (options.start_method)
      set_start_method(*options.start_method);
    const os::signals_blocked blocked;
    auto forked = fork_zygote();
    check_threads(options);
    if (auto own = os::command_line(); !own.empty())
      arguments = std::move(own);
    state_ = new state(std::move(arguments), options, std::move(forked));
    base::runtime_begins();
    values::set_block_source(&argument_block);
    current_runtime = this;
  } catch (...) {
    delete std::exchange(state_, nullptr);
    parent::stop_log();
    runtime_exists = false;
    throw;
  }
}

runtime::~runtime() {
  if (base::is_forked_copy()) // which has neither the threads nor the children
    return;
  current_runtime = nullptr;
  values::set_block_source(nullptr);
  delete std::exchange(state_, nullptr);
  link::segment_pool::of_process().trim(std::chrono::steady_clock::now());
  parent::stop_log();
  base::runtime_ends();
  runtime_exists = false;
}

runtime* runtime::try_current() noexcept {
  return current_runtime;
}

runtime& runtime::current() {
  if (auto* const found = try_current())
    return *found;
  throw std::logic_error(
    this_child::is_child()
      ? "troupe::runtime::current: this process is a child, which has no runtime"
      : "troupe::runtime::current: this process has no troupe::runtime: make one, after "
        "troupe::child_entry at the top of main");
}

void runtime::load_module(const std::string& path) {
  try {
    parent::module_list::of_process().load(path);
  } catch (const std::runtime_error& e) {
    throw std::runtime_error(std::string("runtime::load_module: ") + e.what());
  }
}

boost::asio::io_context& runtime::loop() noexcept {
  return state_->loop.io();
}

const task_registry& runtime::tasks() const noexcept {
  return state_->tasks;
}

caf::actor_system& runtime::system() noexcept {
  return state_->system;
}

} // namespace troupe
