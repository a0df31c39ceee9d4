// What is told of a child that has died: the signal by its name, where, in which thread, the stack, what was said.
#include "support/catch.hpp"
#include "support/functions.hpp"
#include "support/process_info.hpp"
#include "support/test_runtime.hpp"

#include <algorithm>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <regex>
#include <stdexcept>
#include <string>
#include <thread>

#include <dlfcn.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace std::chrono_literals;
using troupe::test::rt;
using troupe::test::square;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool sanitized = true;
#else
constexpr bool sanitized = false;
#endif

namespace {

template <class... Args>
troupe::child_lost lost(troupe::pool& pool, Args... call) {
  auto task = pool.apply(call...);
  REQUIRE(task.wait_for(60s));
  try {
    task.get();
  } catch (const troupe::child_lost& loss) {
    return loss;
  }
  throw std::logic_error("the task was not lost");
}

std::size_t count_of(const std::string& part, const std::string& text) {
  std::size_t count = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1))
    ++count;
  return count;
}

void raise_signal(int number) {
  ::raise(number);
}

__attribute__((noinline)) void write_there(std::uintptr_t address) {
  int* volatile there = reinterpret_cast<int*>(address);
  *there = 1;
}

__attribute__((noinline)) int call_null() {
  int (*volatile nothing)() = nullptr;
  return nothing() + 1;
}

__attribute__((noinline)) int descend(int depth) {
  volatile char frame[512] = {};
  frame[depth % 512] = 1;
  return depth < 0 ? 0 : descend(depth + 1) + frame[0];
}

__attribute__((noinline)) int ping(int depth);

__attribute__((noinline)) int pong(int depth) {
  volatile char frame[512] = {};
  return ping(depth + 1) + frame[depth % 512];
}

__attribute__((noinline)) int ping(int depth) {
  volatile char frame[512] = {};
  return depth < 0 ? 0 : pong(depth + 1) + frame[depth % 512];
}

// Overwrites what its frame has of its caller, as an overrun of an array does.
__attribute__((
  noinline, optimize("no-omit-frame-pointer"), no_sanitize("address", "undefined"))) int
smash_the_stack() {
  auto* const frame = static_cast<volatile std::uintptr_t*>(__builtin_frame_address(0));
  for (int i = 0; i < 64; ++i)
    frame[i] = 0x4141414141414141u;
  return 1;
}

struct crashing_what : std::exception {
  const char* what() const noexcept override {
    write_there(64);
    return "";
  }
};

struct aborting_what : std::exception {
  const char* what() const noexcept override { std::abort(); }
};

// A task that runs the function on a thread of its own.
template <void (*Function)()>
void on_fresh_thread() {
  std::thread(Function).join();
}

void crash_as_resizer() {
  ::pthread_setname_np(::pthread_self(), "resizer");
  write_there(72);
}

void descend_for_ever() {
  static_cast<void>(descend(0));
}

void throw_a_number() {
  throw 42;
}

void fail_an_assertion() {
  using failure = void (*)(const char*, const char*, unsigned, const char*);
  reinterpret_cast<failure>(::dlsym(RTLD_DEFAULT, "__assert_fail"))(
    "rows > 0", "table.cpp", 12, "void fill()");
}

void free_what_was_not_allocated() {
  const volatile auto inside = reinterpret_cast<std::uintptr_t>(std::calloc(8, 8)) + 8;
  std::free(reinterpret_cast<void*>(inside));
}

void fail_the_stack_protector() {
  using failure = void (*)();
  reinterpret_cast<failure>(::dlsym(RTLD_DEFAULT, "__stack_chk_fail"))();
}

void throw_crashing_what() {
  throw crashing_what();
}

void throw_aborting_what() {
  throw aborting_what();
}

void throw_error() {
  throw std::runtime_error("no such table");
}

// Through what must not be thrown through.
template <void (*Function)()>
void terminate_by() noexcept {
  Function();
}

void leave_a_thread() {
  std::thread never_joined([] { ::pause(); });
}

void close_everything() {
  for (int fd = 3; fd < 1024; ++fd)
    ::close(fd);
  troupe::test::spin_forever();
}

bool write_to(const std::string& path, const std::string& text) {
  if (::access(path.c_str(), W_OK) != 0)
    return false; // what is made here would limit nothing
  std::ofstream file(path);
  return static_cast<bool>(file << text << std::flush);
}

// The folder of a control group of either version, with so many bytes of memory and no swap; empty where tests may make none.
std::string make_limited_group(std::size_t bytes) {
  const std::pair<const char*, const char*> places[] = {
    {"/sys/fs/cgroup/memory", "memory.limit_in_bytes"},
    {"/sys/fs/cgroup", "memory.max"},
    {"/sys/fs/cgroup/unified", "memory.max"},
  };
  for (const auto& [parent, limit] : places) {
    const auto group = std::string(parent) + "/troupe-" + std::to_string(::getpid());
    if (::mkdir(group.c_str(), 0700) != 0)
      continue;
    if (write_to(group + '/' + limit, std::to_string(bytes))) {
      write_to(group + "/memory.swap.max", "0");
      return group;
    }
    ::rmdir(group.c_str());
  }
  return {};
}

void fill_memory_in(const std::string& group) {
  std::ofstream(group + "/cgroup.procs") << ::getpid() << std::flush;
  constexpr std::size_t size = std::size_t{256} << 20;
  auto* const memory = static_cast<volatile char*>(
    ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  for (std::size_t at = 0; at < size; at += 4096)
    memory[at] = 1;
}

} // namespace

TEST_CASE("a signal is named as people search for it") {
  troupe::pool pool{rt(), {.processes = 1}};
  CHECK_THAT(lost(pool, raise_signal, SIGSEGV).what(),
    ContainsSubstring("was ended by signal 11 (SIGSEGV, Segmentation fault)"));
  CHECK_THAT(lost(pool, raise_signal, SIGABRT).what(),
    ContainsSubstring("was ended by signal 6 (SIGABRT, Aborted)"));
  CHECK_THAT(lost(pool, raise_signal, SIGBUS).what(),
    ContainsSubstring("was ended by signal 7 (SIGBUS, Bus error)"));
  CHECK_THAT(lost(pool, raise_signal, SIGUSR1).what(),
    ContainsSubstring("was ended by signal 10 (SIGUSR1, User defined signal 1)"));
}

TEST_CASE("the address that a crash accessed is told") {
  troupe::pool pool{rt(), {.processes = 1}};
  const auto loss = lost(pool, write_there, std::uintptr_t{0x1240});
  CHECK(loss.exit().address == std::uint64_t{0x1240});
  CHECK(loss.exit().thread == loss.pid());
  CHECK_FALSE(loss.exit().stack_overflow);
  CHECK_THAT(loss.what(),
    ContainsSubstring("signal 11 (SIGSEGV, Segmentation fault) at address 0x1240 while"));
  CHECK_THAT(loss.traceback(), ContainsSubstring("write_there"));
}

TEST_CASE("a call through null is told as such, with who made it") {
  troupe::pool pool{rt(), {.processes = 1}};
  const auto loss = lost(pool, call_null);
  CHECK(loss.exit().address == std::uint64_t{0});
  CHECK_THAT(loss.what(), ContainsSubstring("at address 0 (null)"));
  CHECK_THAT(loss.traceback(), ContainsSubstring("call_null"));
}

TEST_CASE("a crash in a thread that a task made names the thread") {
  troupe::pool pool{rt(), {.processes = 1}};
  const auto loss = lost(pool, on_fresh_thread<crash_as_resizer>);
  CHECK(loss.exit().thread != 0);
  CHECK(loss.exit().thread != loss.pid());
  CHECK(loss.exit().thread_name == "resizer");
  CHECK_THAT(loss.what(), ContainsSubstring("at address 0x48 in thread " +
                                            std::to_string(loss.exit().thread) + " (resizer)"));
  CHECK_THAT(loss.traceback(), ContainsSubstring("write_there"));
}

TEST_CASE("a stack overflow is called so, and equal frames are folded") {
  troupe::pool pool{rt(), {.processes = 1}};
  const auto loss = lost(pool, descend, 0);
  CHECK(loss.signal() == SIGSEGV);
  CHECK(loss.exit().stack_overflow);
  CHECK_THAT(
    loss.what(), ContainsSubstring("(SIGSEGV, Segmentation fault) by a stack overflow while"));
  const auto trace = loss.traceback();
  CHECK(std::regex_search(trace, std::regex("\\.\\.\\. [0-9,]{5,} more of the same\n")));
  CHECK(count_of("descend", trace) <= 4);
  CHECK(pool.apply(square, 3).get() == 9);
}

TEST_CASE("an overflow by functions that call each other is folded as well") {
  troupe::pool pool{rt(), {.processes = 1}};
  const auto loss = lost(pool, ping, 0);
  CHECK(loss.exit().stack_overflow);
  CHECK(std::regex_search(
    loss.traceback(), std::regex("\\.\\.\\. [0-9,]{5,} more of the same 2 frames\n")));
}

TEST_CASE("the stack overflow of a blocking function is told as that of any other") {
  troupe::pool pool{rt(), {.processes = 1}};
  const auto loss = lost(pool, troupe::blocking(descend), 0);
  CHECK(loss.exit().stack_overflow);
  CHECK(loss.exit().thread != loss.pid());
  CHECK(loss.culprit());
  CHECK_THAT(loss.what(), ContainsSubstring("by a stack overflow in thread "));
  CHECK_THAT(loss.traceback(), ContainsSubstring("more of the same"));
}

TEST_CASE("a stack overflow of a thread that the program made is supposed to be one") {
  troupe::pool pool{rt(), {.processes = 1}};
  const auto loss = lost(pool, on_fresh_thread<descend_for_ever>);
  CHECK(loss.signal() == SIGSEGV);
  if (sanitized) // which gives each thread a stack for signals
    CHECK(loss.exit().stack_overflow);
  else
    CHECK_THAT(
      loss.what(), ContainsSubstring("troupe's handler did not run: the stack of a thread "
                                     "that the program has made itself may have overflowed"));
}

TEST_CASE("a smashed stack is told with its signal, whatever can be said of its frames") {
  troupe::pool pool{rt(), {.processes = 1}};
  const auto loss = lost(pool, smash_the_stack);
  CHECK((loss.signal() == SIGSEGV || loss.signal() == SIGABRT || loss.signal() == SIGILL));
  CHECK(loss.exit().thread == loss.pid());
  CHECK(loss.culprit());
  CHECK(pool.apply(square, 3).get() == 9);
}

TEST_CASE("a crash inside what() is one of its task") {
  troupe::pool pool{rt(), {.processes = 1}};
  const auto loss = lost(pool, throw_crashing_what);
  CHECK(loss.culprit());
  CHECK(loss.exit().address == std::uint64_t{64});
  CHECK_THAT(loss.traceback(), ContainsSubstring("crashing_what::what"));
  CHECK(lost(pool, throw_aborting_what).signal() == SIGABRT);
}

TEST_CASE("what ended the program by std::terminate is in the message") {
  troupe::pool pool{rt(), {.processes = 1}};
  const auto thrown = lost(pool, terminate_by<throw_error>);
  CHECK(thrown.signal() == SIGABRT);
  CHECK(thrown.exit().message == "terminate called after throwing an instance of "
                                 "'std::runtime_error', what(): no such table");
  CHECK_THAT(thrown.what(), EndsWith("; it said: " + thrown.exit().message));
  CHECK(lost(pool, on_fresh_thread<throw_a_number>).exit().message ==
        "terminate called after throwing an instance of 'int'");
  CHECK(
    lost(pool, leave_a_thread).exit().message == "terminate called without an active exception");
}

TEST_CASE("a crash in the what() of what ended the program is told with the type") {
  troupe::pool pool{rt(), {.processes = 1}};
  const auto loss = lost(pool, terminate_by<throw_crashing_what>);
  CHECK(loss.signal() == SIGSEGV);
  CHECK_THAT(loss.what(), ContainsSubstring("crashing_what'"));
}

TEST_CASE("what assert and the C library say is in the message without captured output") {
  troupe::pool pool{rt(), {.processes = 1}};
  CHECK_THAT(lost(pool, fail_an_assertion).what(),
    EndsWith("table.cpp:12: void fill(): Assertion `rows > 0' failed."));
  if (sanitized)
    return; // it says so itself, and ends in another way
  CHECK_THAT(
    lost(pool, free_what_was_not_allocated).what(), EndsWith("; it said: free(): invalid pointer"));
  CHECK_THAT(lost(pool, fail_the_stack_protector).what(),
    ContainsSubstring("*** stack smashing detected ***: terminated"));
}

TEST_CASE("what a sanitizer reports is in the message without captured output") {
#if defined(__SANITIZE_ADDRESS__)
  troupe::pool pool{rt(), {.processes = 1}};
  const auto loss = lost(pool, [] {
    volatile int* there = new int[4];
    delete[] there;
    return there[1];
  });
  CHECK(loss.culprit());
  CHECK_THAT(loss.what(), ContainsSubstring("; it said: ERROR: AddressSanitizer: "
                                            "heap-use-after-free on address 0x") &&
                            ContainsSubstring("; SUMMARY: AddressSanitizer: heap-use-after-free"));
#endif
}

TEST_CASE("a signal from outside is told with who sent it") {
  troupe::pool pool{rt(), {.processes = 1}};
  auto task = pool.apply(troupe::test::spin_forever);
  REQUIRE(troupe::test::eventually([&] { return !pool.running_tasks().empty(); }));
  REQUIRE(::kill(pool.running_tasks().front().pid, SIGABRT) == 0);
  REQUIRE(task.wait_for(60s));
  CHECK_THROWS_WITH(task.get(), ContainsSubstring("signal 6 (SIGABRT, Aborted) (it was sent by "
                                                  "process " +
                                                  std::to_string(::getpid()) + ")"));
  const auto killed = lost(pool, raise_signal, SIGKILL);
  CHECK(killed.exit().reason.empty());
  CHECK_THAT(
    killed.what(), ContainsSubstring("signal 9 (SIGKILL, Killed) (sent by another process, "
                                     "or by the kernel)"));
}

TEST_CASE("a child that is ended for closing its link has the reason") {
  troupe::pool pool{rt(), {.processes = 1}};
  const auto loss = lost(pool, close_everything);
  CHECK(loss.signal() == SIGKILL);
  CHECK_THAT(loss.what(), ContainsSubstring("it has closed its link to this process"));
}

TEST_CASE("children are more likely than their parent to be ended when memory runs out") {
  const auto score_of = [](const std::string& pid) {
    std::ifstream file("/proc/" + pid + "/oom_score_adj");
    int score = -1;
    file >> score;
    return score;
  };
  const auto own = score_of("self");
  for (const auto method : {troupe::start_method::spawn, troupe::start_method::forkserver}) {
    troupe::pool pool{rt(), {.processes = 1, .start_method = method}};
    const auto pid = pool.apply([] { return ::getpid(); }).get();
    CHECK(score_of(std::to_string(pid)) == std::min(own + 200, 1000));
  }
}

TEST_CASE("a child that the kernel ends for want of memory is said to be possibly out of memory") {
  if (sanitized)
    return; // they reserve more than any limit
  const auto group = make_limited_group(std::size_t{64} << 20);
  if (group.empty()) {
    WARN("no control group can be made here");
    return;
  }
  {
    troupe::pool pool{rt(), {.processes = 1}};
    const auto loss = lost(pool, fill_memory_in, group);
    CHECK(loss.signal() == SIGKILL);
    CHECK_THAT(loss.what(), ContainsSubstring("(possibly out of memory: the kernel has ended a "
                                              "process for want of memory; its largest resident "
                                              "set was "));
  }
  CHECK(troupe::test::eventually([&] { return ::rmdir(group.c_str()) == 0; }));
}
