// Where a program finds itself: without descriptors, with signals that are ignored, blocked or come all the time, with other
// code that waits for its children, on busy CPUs. And what others find of it: nothing that has a name.
#include "support/catch.hpp"
#include "support/flag.hpp"
#include "support/functions.hpp"
#include "support/piped_program.hpp"
#include "support/process_info.hpp"
#include "support/process_list.hpp"
#include "support/test_runtime.hpp"

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <ranges>
#include <set>
#include <sstream>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace std::chrono_literals;
using namespace troupe::test;

namespace {

// A program that a test has prepared and started; killed in the end.
template <class Prepare>
class prepared_program {
public:
  prepared_program(const char* file, std::vector<const char*> arguments, Prepare prepare) {
    arguments.push_back(nullptr);
    pid_ = ::fork();
    if (pid_ == 0) {
      prepare();
      ::execv(file, const_cast<char**>(arguments.data()));
      ::_exit(127);
    }
  }
  prepared_program(const prepared_program&) = delete;
  ~prepared_program() {
    if (pid_ > 0)
      end_by(SIGKILL);
  }
  pid_t pid() const { return pid_; }
  /// The status, as of waitpid.
  int end_by(int number) {
    int status = 0;
    ::kill(pid_, number);
    ::waitpid(std::exchange(pid_, 0), &status, 0);
    return status;
  }

private:
  pid_t pid_;
};

std::string target_of(pid_t pid, int fd) {
  std::error_code error;
  return std::filesystem::read_symlink(
    "/proc/" + std::to_string(pid) + "/fd/" + std::to_string(fd), error)
    .string();
}

void ignore_and_block() {
  ::signal(SIGCHLD, SIG_IGN);
  ::signal(SIGPIPE, SIG_IGN);
  sigset_t all;
  sigfillset(&all);
  ::sigprocmask(SIG_SETMASK, &all, nullptr);
}

// Of one that makes a pool at the end of its input, which has none here.
template <class Prepare>
std::string what_a_program_says(const char* method, Prepare prepare) {
  int output[2];
  REQUIRE(::pipe2(output, O_CLOEXEC) == 0);
  const int none = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  const prepared_program program(WAITING_PARENT, {"waiting_parent", method, "alone"}, [&] {
    prepare();
    ::dup2(none, 0);
    ::dup2(output[1], 1);
  });
  ::close(none);
  ::close(output[1]);
  std::string said;
  char byte = 0;
  while (::read(output[0], &byte, 1) == 1)
    said += byte;
  ::close(output[0]);
  return said;
}

// A handler that does not let system calls go on.
void interrupt_on(int number) {
  struct sigaction action {};
  action.sa_handler = [](int) {};
  ::sigaction(number, &action, nullptr);
}

int work(int x) {
  const auto end = std::chrono::steady_clock::now() + 100us;
  while (std::chrono::steady_clock::now() < end) {
  }
  return x + 1;
}

std::string text_of(int i) {
  return std::string(60'000, static_cast<char>('a' + i % 26)) + std::to_string(i);
}

// What a process has open or mapped that has a name by which others could find it.
std::vector<std::string> names_of(pid_t pid) {
  std::vector<std::string> names;
  std::set<std::string> sockets;
  for (int fd = 3; fd < 256; ++fd) {
    const auto target = target_of(pid, fd);
    if (target.starts_with("socket:["))
      sockets.insert(target.substr(8, target.size() - 9));
    else if (target.starts_with("/") && !target.starts_with("/memfd:") && target != "/dev/null")
      names.push_back(target);
  }
  std::ifstream maps("/proc/" + std::to_string(pid) + "/maps");
  for (std::string line; std::getline(maps, line);)
    if (line.find("/dev/shm") != std::string::npos || line.find("/SYSV") != std::string::npos)
      names.push_back(line);
  // Num RefCount Protocol Flags Type St Inode Path
  std::ifstream of_unix("/proc/net/unix");
  for (std::string line; std::getline(of_unix, line);) {
    std::istringstream words(line);
    std::string number, references, protocol, flags, type, state, inode, path;
    words >> number >> references >> protocol >> flags >> type >> state >> inode >> path;
    if (sockets.erase(inode) > 0 && (!path.empty() || flags != "00000000"))
      names.push_back(line);
  }
  for (const auto& one : sockets) // of another kind
    names.push_back("socket " + one);
  return names;
}

} // namespace

TEST_CASE("a program may be started without any of the descriptors 0, 1 and 2") {
  for (unsigned closed = 1; closed < 8; ++closed) {
    INFO("closed: " << closed);
    const prepared_program program(DOOMED_PARENT, {"doomed_parent", "busy"}, [closed] {
      for (int fd = 0; fd < 3; ++fd)
        if ((closed >> fd & 1u) != 0)
          ::close(fd);
    });
    // Its three tasks run: then it has passed everything else.
    CHECK(eventually([&] {
      const auto children = children_of(program.pid());
      return children.size() == 3 && std::all_of(children.begin(), children.end(),
                                       [](pid_t child) { return state_of(child) == "R"; });
    }));
    for (const pid_t child : children_of(program.pid()))
      for (int fd = 0; fd < 3; ++fd)
        CHECK_FALSE(target_of(child, fd).empty());
  }
}

TEST_CASE("a program may be started with SIGCHLD ignored and all signals blocked") {
  for (const char* method : {"spawn", "forkserver", "fork"}) {
    INFO(method);
    CHECK(what_a_program_says(method, ignore_and_block) == "up\n16\n");
  }
}

TEST_CASE("a program needs neither a large stack nor locked memory") {
  const auto limit = [] {
    const rlimit stack{std::size_t{512} * 1024, std::size_t{512} * 1024};
    ::setrlimit(RLIMIT_STACK, &stack);
    const rlimit locked{0, 0};
    ::setrlimit(RLIMIT_MEMLOCK, &locked);
  };
  for (const char* method : {"spawn", "forkserver", "fork"}) {
    INFO(method);
    CHECK(what_a_program_says(method, limit) == "up\n16\n");
  }
}

TEST_CASE("a program that is ended by SIGINT, SIGTERM or SIGHUP takes its children with it") {
  for (const char* how : {"idle", "busy"})
    for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
      INFO(how << ", signal " << number);
      prepared_program program(DOOMED_PARENT, {"doomed_parent", how}, [] {});
      REQUIRE(eventually([&] { return children_of(program.pid()).size() == 3; }));
      const auto children = children_of(program.pid());
      const int status = program.end_by(number);
      CHECK((WIFSIGNALED(status) && WTERMSIG(status) == number));
      CHECK(eventually([&] {
        return std::all_of(children.begin(), children.end(), [](pid_t child) {
          return state_of(child).empty() || state_of(child) == "Z"; // of whoever adopts it
        });
      }));
    }
}

TEST_CASE("deaths are noticed, with their children, while another thread waits for any child") {
  std::atomic<bool> over = false;
  std::thread thief([&] {
    while (!over)
      if (::waitpid(-1, nullptr, WNOHANG) <= 0)
        std::this_thread::sleep_for(1ms);
  });
  {
    troupe::pool pool{rt(), {.processes = 2, .restart = {.intensity = 1000}}};
    for (int round = 0; round < 10; ++round) {
      auto task = pool.apply([] { ::raise(SIGKILL); });
      REQUIRE(task.wait_for(60s));
      CHECK_THROWS_AS(task.get(), troupe::child_lost);
      CHECK(pool.apply(square, 3).get() == 9);
    }
    CHECK(pool.stats().deaths == 10);
  }
  over = true;
  thief.join();
}

TEST_CASE("a process that has got the number of a dead child is not signalled") {
  // NOLINTNEXTLINE(concurrency-mt-unsafe)
  if (std::system("unshare --pid --fork --mount-proc true 2>/dev/null") != 0) {
    WARN("skipped: only root can choose the numbers of processes, in a namespace of its own");
    return;
  }
  piped_program parent("/usr/bin/unshare",
    {"unshare", "--pid", "--fork", "--mount-proc", "--kill-child", REUSED_PARENT});
  CHECK(parent.read_until("") == "reused, 0 dead\n");
  CHECK(parent.wait() == 0);
}

TEST_CASE("what is written to a child that dies meanwhile ends nobody by SIGPIPE") {
  auto* const before = ::signal(SIGPIPE, SIG_DFL);
  const std::string argument(300'000, 'x'); // in pieces, or not
  const auto length = [](const std::string& text) { return text.size(); };
  troupe::pool pool{
    rt(), {.processes = 1, .restart = {.intensity = 10'000, .start_attempts = 1000}}};
  for (int round = 0; round < 40; ++round) {
    std::vector<troupe::task_future<std::size_t>> tasks;
    auto death = pool.apply([] { ::raise(SIGKILL); });
    for (int i = 0; i < 5; ++i)
      tasks.push_back(pool.apply({.idempotent = true}, length, argument));
    REQUIRE(death.wait_for(60s));
    for (auto& task : tasks) {
      REQUIRE(task.wait_for(60s));
      CHECK(task.get() == argument.size());
    }
  }
  ::signal(SIGPIPE, before);
}

TEST_CASE("system calls that are interrupted all the time change nothing, in parent and children") {
  struct sigaction before {};
  ::sigaction(SIGUSR1, nullptr, &before);
  interrupt_on(SIGUSR1);
  {
    troupe::pool pool{rt(), {.processes = 2,
                              .initializer = troupe::call(interrupt_on, SIGUSR1),
                              .maxtasksperchild = 2000}};
    std::jthread disturber([&](const std::stop_token& over) {
      while (!over.stop_requested()) {
        for (const pid_t thread : threads_of(::getpid()))
          ::syscall(SYS_tgkill, ::getpid(), thread, SIGUSR1);
        for (const auto& child : pool.stats().children)
          if (child.pid > 0 && child.state == troupe::child_state::ready)
            ::kill(child.pid, SIGUSR1);
      }
    });
    int i = 0;
    for (const int value : pool.map(work, std::views::iota(0, 8000)))
      REQUIRE(value == ++i);
    CHECK(i == 8000);
    i = 0;
    for (const auto& text : pool.map(text_of, std::views::iota(0, 200)))
      REQUIRE(text == text_of(i++));
    auto slow = pool.apply(nap, 3);
    const troupe::test::flag enough;
    auto waits = pool.apply(troupe::test::wait_for_flag, enough.path());
    CHECK_FALSE(waits.wait_for(1ms));
    enough.raise();
    waits.get();
    CHECK(slow.get() == 3);
    disturber.request_stop();
    disturber.join();
    CHECK(pool.stats().deaths == 0);
  }
  ::sigaction(SIGUSR1, &before, nullptr);
}

TEST_CASE(
  "children that are killed while they write large results lose these, and no other is wrong") {
  const unsigned seed = 20261130;
  INFO("seed " << seed);
  troupe::pool pool{rt(), {.processes = 2,
                            .start_method = troupe::start_method::forkserver,
                            .restart = {.intensity = 10'000, .start_attempts = 10'000}}};
  std::jthread killer([&](const std::stop_token& over) {
    std::mt19937 random(seed);
    while (!over.stop_requested()) {
      const auto children = pool.stats().children;
      if (const auto pid = children[random() % children.size()].pid; pid > 0)
        ::kill(pid, SIGKILL);
      std::this_thread::sleep_for(std::chrono::microseconds(random() % 100'000)); // some moment
    }
  });
  std::size_t values = 0;
  std::size_t lost = 0;
  for (auto& item : pool.map_unordered(text_of, std::views::iota(0, 3000))) {
    if (item.has_value()) {
      ++values;
      REQUIRE(item.value() == text_of(static_cast<int>(item.index())));
    } else {
      ++lost;
      REQUIRE_THROWS_AS(item.value(), troupe::child_lost);
    }
  }
  killer.request_stop();
  killer.join();
  CHECK(values + lost == 3000);
  CHECK(pool.stats().deaths > 0);
}

TEST_CASE("with a limit of the size of files, what is large goes another way, and too low a limit "
          "is named") {
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_FSIZE, &before) == 0);
  const auto limit_files = [&](rlim_t most) {
    const rlimit limit{most, before.rlim_max};
    REQUIRE(::setrlimit(RLIMIT_FSIZE, &limit) == 0);
  };
  const std::string large(10'000'000, 'x');
  const auto same = [](const std::string& text) { return text; };
  limit_files(4'000'000);
  {
    troupe::pool pool{rt(), {.processes = 1}};
    for (int i = 0; i < 3; ++i)
      CHECK(pool.apply(same, large).get() == large);
    CHECK_THROWS_WITH(
      troupe::shared_buffer(5'000'000), ContainsSubstring("RLIMIT_FSIZE) of 4000000"));
  }
  // Here the log may not be able to write, which is another thing.
  auto* const handler = ::signal(SIGXFSZ, SIG_IGN);
  limit_files(10'000);
  {
    troupe::pool pool{rt(), {.processes = 1, .restart = {.backoff = 1ms}}};
    auto task = pool.apply(square, 3);
    REQUIRE(task.wait_for(60s));
    CHECK_THROWS_WITH(task.get(), ContainsSubstring("RLIMIT_FSIZE) of 10000"));
  }
  limit_files(before.rlim_cur);
  ::signal(SIGXFSZ, handler);
  troupe::pool pool{rt(), {.processes = 1}};
  CHECK(pool.apply(same, large).get() == large);
}

TEST_CASE("many children with the least right to the CPUs are not taken for dead") {
  troupe::pool pool{rt(),
    {.processes = 64, .start_method = troupe::start_method::forkserver, .limits = {.nice = 19}}};
  int i = 0;
  for (const int value : pool.map(work, std::views::iota(0, 20'000)))
    REQUIRE(value == ++i);
  auto everywhere = pool.broadcast(square, 3);
  for (auto& each : everywhere)
    CHECK(each.get() == 9);
  CHECK(pool.stats().deaths == 0);
}

TEST_CASE("nothing that a pool has can be found by a name: no file, no socket, no shared memory") {
  const auto before = names_of(::getpid());
  for (const auto method : {troupe::start_method::spawn, troupe::start_method::forkserver}) {
    INFO(to_string(method));
    troupe::pool pool{rt(), {.processes = 2, .start_method = method}};
    CHECK(pool.apply(text_of, 1).get() == text_of(1));
    CHECK(pool.apply([](const std::string& text) { return text + text; }, std::string(500'000, 'x'))
            .get()
            .size() == 1'000'000);
    CHECK(names_of(::getpid()) == before);
    for (const pid_t child : children_of(::getpid()))
      CHECK(names_of(child) == std::vector<std::string>{});
  }
}
