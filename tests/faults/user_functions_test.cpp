// What user functions may do: each thing ends as an outcome of that task, in bounded time, and is nothing to the others.
#include "support/catch.hpp"
#include "support/flag.hpp"
#include "support/functions.hpp"
#include "support/test_runtime.hpp"

#include <troupe/custom_codec.hpp>

#include <atomic>
#include <chrono>
#include <clocale>
#include <csetjmp>
#include <csignal>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <pthread.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace std::chrono_literals;
using namespace troupe::test;

namespace {

// Two children, of which one runs a task of somebody else all the time.
class shared_pool {
public:
  explicit shared_pool(troupe::pool_options options = {}) {
    options.processes = 2;
    pool_.emplace(rt(), std::move(options));
    neighbour_ = pool_->apply(wait_for_flag, enough_.path());
    REQUIRE(eventually([&] { return pool_->running_tasks().size() == 1; }));
  }
  shared_pool(const shared_pool&) = delete;
  ~shared_pool() { enough_.raise(); }

  troupe::pool& operator*() { return *pool_; }
  troupe::pool* operator->() { return &*pool_; }
  /// The neighbour has noticed nothing.
  void check_neighbour() {
    enough_.raise();
    REQUIRE(neighbour_.wait_for(60s));
    CHECK(neighbour_.error() == nullptr);
  }

private:
  flag enough_;
  std::optional<troupe::pool> pool_;
  troupe::task_future<void> neighbour_;
};

// How a task ends, which it has to within a minute.
template <class Future>
std::string end_of(Future&& task) {
  if (!task.wait_for(60s))
    return "nothing";
  const auto error = task.error();
  if (error == nullptr)
    return "a value";
  try {
    std::rethrow_exception(error);
  } catch (const troupe::child_lost& loss) {
    return loss.signal() != 0 ? "lost by signal " + std::to_string(loss.signal())
                              : "lost with code " + std::to_string(loss.exit_code());
  } catch (const troupe::task_timeout&) {
    return "a timeout";
  } catch (const std::exception& e) {
    return e.what();
  }
}

const std::string aborted = "lost by signal " + std::to_string(SIGABRT);
const std::string crashed = "lost by signal " + std::to_string(SIGSEGV);

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wterminate" // which is what this is about
struct throws_in_the_end {
  ~throws_in_the_end() { throw std::runtime_error("too late"); }
};

void throw_from_a_destructor() {
  const throws_in_the_end one;
}
void throw_from_noexcept() noexcept {
  throw std::runtime_error("in vain");
}
#pragma GCC diagnostic pop

void end_the_thread() {
  ::pthread_exit(nullptr);
}

std::jmp_buf gone; // in the child

bool remember_this_frame() {
  return setjmp(gone) == 0;
}

void jump_into_a_frame_that_is_gone() {
  std::longjmp(gone, 1);
}

void hear_nothing() {
  sigset_t all;
  sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, nullptr);
  ::signal(SIGTERM, SIG_IGN);
  spin_forever();
}

void stop_this_process() {
  ::raise(SIGSTOP);
}

void become(const std::string& program, const std::string& argument) {
  ::execl(program.c_str(), program.c_str(), argument.c_str(), nullptr);
}

// Everything about a process that a task may leave changed.
void change_the_process() {
  std::filesystem::current_path("/");
  ::umask(0777);
  std::setlocale(LC_ALL, "C.UTF-8");
  ::setenv("TROUPE_LINK", "nonsense", 1);
  for (const int number : {SIGTERM, SIGINT, SIGCHLD, SIGPIPE, SIGURG})
    ::signal(number, SIG_IGN);
  [[maybe_unused]] const int nice = ::nice(1);
  rlimit few{64, 64};
  ::setrlimit(RLIMIT_NOFILE, &few);
}

pid_t own_pid() {
  return ::getpid();
}

std::string large_text(std::size_t size) {
  return std::string(size, 'x');
}

// What a descriptor of the child's own is done to.
enum class harm { closed, replaced };

void harm_descriptor(int fd, harm how) {
  if (how == harm::closed) {
    ::close(fd);
    return;
  }
  const int other = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  ::dup2(other, fd);
  ::close(other);
}

enum class copy_does { exit, execute, crash };

int fork_a_copy(copy_does what) {
  const pid_t copy = ::fork();
  if (copy == 0) {
    switch (what) {
    case copy_does::exit:
      std::exit(7); // NOLINT(concurrency-mt-unsafe)
    case copy_does::execute:
      become("/bin/sh", "/dev/null");
      break;
    case copy_does::crash:
      ::raise(SIGKILL);
    }
  }
  int status = 0;
  ::waitpid(copy, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

void note_a_run(const std::string& path) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  [[maybe_unused]] const auto written = ::write(fd, "x", 1);
  ::close(fd);
}

// Crashes at one place of its life in a child.
enum class place { nowhere, decoding, encoding, destructor };

void crash_if(bool now) {
  if (now && troupe::this_child::is_child())
    ::raise(SIGSEGV);
}

struct fragile {
  place where = place::nowhere;

  fragile() = default;
  explicit fragile(place at)
    : where(at) {}
  fragile(fragile&& other) noexcept
    : where(std::exchange(other.where, place::nowhere)) {}
  fragile& operator=(fragile&& other) noexcept {
    where = std::exchange(other.where, place::nowhere);
    return *this;
  }
  ~fragile() { crash_if(where == place::destructor); }
};

int take_what_is_fragile(const fragile& what) {
  return static_cast<int>(what.where);
}

fragile make_what_is_fragile(int where) {
  return fragile(static_cast<place>(where));
}

} // namespace

template <>
struct troupe::codec<fragile> {
  static void encode(troupe::encoder& out, const fragile& value) {
    crash_if(value.where == place::encoding);
    out(static_cast<int>(value.where));
  }
  static fragile decode(troupe::decoder& in) {
    const auto where = static_cast<place>(in.make<int>());
    crash_if(where == place::decoding);
    return fragile(where);
  }
};

TEST_CASE("a task that calls std::terminate, by throwing where nothing may be thrown, is lost") {
  shared_pool pool;
  for (int round = 0; round < 3; ++round) {
    CHECK(end_of(pool->apply(throw_from_a_destructor)) == aborted);
    CHECK(end_of(pool->apply(throw_from_noexcept)) == aborted);
    CHECK(end_of(pool->apply(troupe::blocking(throw_from_noexcept))) == aborted);
    CHECK(pool->apply(square, 3).get() == 9);
  }
  pool.check_neighbour();
}

TEST_CASE("a task that ends its thread is lost, or fails, and nothing hangs") {
  shared_pool pool;
  CHECK(end_of(pool->apply(end_the_thread)) != "nothing");
  CHECK(pool->apply(square, 3).get() == 9);
  CHECK(end_of(pool->apply(troupe::blocking(end_the_thread))) != "nothing");
  CHECK(pool->apply(square, 3).get() == 9);
  pool.check_neighbour();
}

TEST_CASE("a task that jumps into a frame which is gone harms itself at most") {
  shared_pool pool;
  CHECK(pool->apply(remember_this_frame).get());
  CHECK(end_of(pool->apply({.timeout = 2s}, jump_into_a_frame_that_is_gone)) != "nothing");
  CHECK(end_of(pool->apply(square, 3)) == "a value");
  pool.check_neighbour();
}

TEST_CASE("a task that blocks and ignores all signals is ended when its time is over") {
  shared_pool pool({.cancel_grace = 50ms});
  CHECK(end_of(pool->apply({.timeout = 100ms}, hear_nothing)) == "a timeout");
  CHECK(pool->apply(square, 3).get() == 9);
  pool.check_neighbour();
}

TEST_CASE("a task that stops its process is ended when its time is over") {
  shared_pool pool({.cancel_grace = 50ms});
  CHECK(end_of(pool->apply({.timeout = 100ms}, stop_this_process)) != "nothing");
  CHECK(pool->apply(square, 3).get() == 9);
  pool.check_neighbour();
}

TEST_CASE("a task that becomes another program is lost, whether that ends or not") {
  shared_pool pool;
  CHECK_THAT(end_of(pool->apply(become, "/bin/sleep", "1000")), StartsWith("lost"));
  CHECK_THAT(end_of(pool->apply(become, "/bin/sleep", "0")), StartsWith("lost"));
  CHECK(pool->apply(square, 3).get() == 9);
  pool.check_neighbour();
}

TEST_CASE(
  "a child whose directory, masks, locale, handlers and limits a task has changed works on") {
  const auto directory = std::filesystem::current_path();
  troupe::pool pool{rt(), {.processes = 1}};
  const auto child = pool.apply(own_pid).get();
  pool.apply(change_the_process).get();
  std::vector<int> numbers(500, 3);
  for (const int value : pool.map(square, numbers))
    REQUIRE(value == 9);
  CHECK(pool.apply(large_text, std::size_t{3'000'000}).get().size() == 3'000'000);
  CHECK(pool.apply(troupe::blocking(square), 3).get() == 9);
  CHECK(pool.apply(nap, 7).get() == 7);
  CHECK(pool.apply(own_pid).get() == child);
  CHECK(std::filesystem::current_path() == directory);
  pool.close();
  pool.join();
}

TEST_CASE(
  "a task that closes a descriptor of its child, or puts another in its place, stops nobody") {
  // Each child has one task, so that it is harmed in one way. It may have to be ended.
  troupe::pool pool{rt(), {.processes = 4,
                            .maxtasksperchild = 1,
                            .start_method = troupe::start_method::forkserver,
                            .shutdown_timeout = 500ms}};
  std::vector<troupe::task_future<void>> tasks;
  for (const auto how : {harm::closed, harm::replaced})
    for (int fd = 0; fd < 20; ++fd)
      tasks.push_back(pool.apply(harm_descriptor, fd, how));
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    INFO("descriptor " << i % 20 << (i < 20 ? " closed" : " replaced"));
    const auto end = end_of(tasks[i]);
    CHECK((end == "a value" || end.starts_with("lost")));
  }
  CHECK(pool.apply(square, 3).get() == 9);
  pool.close();
  CHECK(pool.join_for(60s));
}

TEST_CASE("a copy of a child that exits, executes or crashes is that task's business alone") {
  const auto runs = "/tmp/troupe-runs-" + std::to_string(::getpid());
  shared_pool pool;
  const auto child = pool->apply(own_pid).get();
  for (int round = 0; round < 5; ++round) {
    CHECK(pool->apply(fork_a_copy, copy_does::exit).get() == 7);
    CHECK(pool->apply(fork_a_copy, copy_does::execute).get() == 0);
    CHECK(pool->apply(fork_a_copy, copy_does::crash).get() == -SIGKILL);
    pool->apply(note_a_run, runs).get();
  }
  CHECK(std::filesystem::file_size(runs) == 5); // no copy has run any
  CHECK(pool->apply(own_pid).get() == child);
  std::filesystem::remove(runs);
  pool.check_neighbour();
}

TEST_CASE("a crash while a value is decoded, encoded or destroyed is that of its task") {
  shared_pool pool;
  for (const auto where : {place::decoding, place::destructor}) {
    INFO("place " << static_cast<int>(where));
    auto task = pool->apply(take_what_is_fragile, fragile(where));
    auto next = pool->apply(square, 3);
    CHECK(end_of(task) == crashed);
    CHECK(end_of(next) == "a value");
  }
  for (const auto where : {place::encoding, place::destructor}) {
    INFO("result, place " << static_cast<int>(where));
    auto task = pool->apply(make_what_is_fragile, static_cast<int>(where));
    auto next = pool->apply(square, 3);
    const auto end = end_of(task);
    // A result is destroyed when it has been encoded: the value may be out by then, and then it counts.
    CHECK((end == crashed || (where == place::destructor && end == "a value")));
    CHECK(end_of(next) == "a value");
  }
  pool.check_neighbour();
}

TEST_CASE("callbacks about children and tasks that throw change nothing") {
  std::atomic<int> calls = 0;
  const auto fail = [&](const auto&) {
    ++calls;
    throw std::runtime_error("a callback");
  };
  troupe::pool_options options{.processes = 2, .restart = {.backoff = 1ms}};
  options.on_child_started = fail;
  options.on_child_ended = fail;
  options.on_task_retried = fail;
  options.on_task_ended = fail;
  {
    troupe::pool pool{rt(), options};
    CHECK_THAT(
      end_of(pool.apply({.retries = {.max_attempts = 2}}, std::abort)), StartsWith("lost"));
    for (int i = 0; i < 20; ++i)
      CHECK(pool.apply(square, 3).get() == 9);
    pool.close();
    CHECK(pool.join_for(60s));
  }
  CHECK(calls > 20);
}

TEST_CASE("a pool may be closed, terminated and joined by many threads at once, in any state") {
  for (int round = 0; round < 20; ++round) {
    INFO("round " << round);
    troupe::pool pool{rt(), {.processes = 2, .cancel_grace = 10ms}};
    std::vector<troupe::task_future<int>> tasks;
    for (int i = 0; i < 50; ++i)
      tasks.push_back(pool.apply(square, i));
    auto endless = pool.apply(spin_forever);
    if (round % 2 == 0)
      tasks[10].wait(); // otherwise its children are just being started
    std::vector<std::thread> threads;
    for (int i = 0; i < 6; ++i)
      threads.emplace_back([&pool, i] {
        if (i % 3 == 0)
          pool.close();
        else
          pool.terminate();
        pool.join();
      });
    for (auto& thread : threads)
      thread.join();
    for (auto& task : tasks)
      CHECK(end_of(task) != "nothing");
    CHECK(end_of(endless) != "nothing");
  }
}
