// What the kernel keeps children from.
#include "refused_pools.hpp"
#include "support/catch.hpp"
#include "support/functions.hpp"
#include "support/temporary_directory.hpp"
#include "support/test_runtime.hpp"

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <linux/landlock.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

using namespace std::chrono_literals;
using namespace troupe::test;

namespace {

// Directories of a test.
struct places {
  places() {
    std::filesystem::create_directory(root + "/in");
    std::filesystem::create_directory(root + "/out");
    std::ofstream(root + "/out/file") << "content";
  }

  const temporary_directory directory{};
  const std::string root = directory.path().string();
};

bool has_landlock() {
  return ::syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION) >= 3;
}

troupe::pool_options guarded(const places& where) {
  return {.processes = 1,
    .sandbox = troupe::sandbox::guarded,
    .writable_directories = {where.root + "/in"}};
}

int error_of(int result) {
  return result < 0 ? errno : 0;
}

troupe::pool_options isolated(const places& where) {
  auto options = guarded(where);
  options.sandbox = troupe::sandbox::isolated;
  return options;
}

// Whether Landlock keeps signals within, and a process may make namespaces for itself.
bool can_isolate() {
  if (::syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION) < 6)
    return false;
  return std::system("unshare --user --map-root-user --net --ipc --uts true 2>/dev/null") == 0;
}

int open_file(const std::string& path, int flags) {
  const int fd = ::open(path.c_str(), flags, 0600);
  const int problem = error_of(fd);
  if (fd >= 0)
    ::close(fd);
  return problem;
}

int write_file(const std::string& path) {
  return open_file(path, O_WRONLY | O_CREAT);
}

int read_file(const std::string& path) {
  return open_file(path, O_RDONLY);
}

int truncate_file(const std::string& path) {
  return error_of(::truncate(path.c_str(), 0));
}

int remove_file(const std::string& path) {
  return error_of(::unlink(path.c_str()));
}

int make_directory(const std::string& path) {
  return error_of(::mkdir(path.c_str(), 0700));
}

int move(const std::string& from, const std::string& to) {
  return error_of(::rename(from.c_str(), to.c_str()));
}

int shell(const std::string& command) {
  return std::system(command.c_str());
}

int open_socket(int domain) {
  const int fd = ::socket(domain, SOCK_STREAM, 0);
  const int problem = error_of(fd);
  if (fd >= 0)
    ::close(fd);
  return problem;
}

// To what they are.
int limit_files_of(pid_t who) {
  rlimit now{};
  const auto read = error_of(::prlimit(who, RLIMIT_NOFILE, nullptr, &now));
  return read != 0 ? read : error_of(::prlimit(who, RLIMIT_NOFILE, &now, nullptr));
}

int type_into(int fd) {
  return error_of(::ioctl(fd, TIOCSTI, "x"));
}

int open_pair(int kind) {
  int ends[2] = {-1, -1};
  const int problem = error_of(::socketpair(AF_UNIX, kind, 0, ends));
  for (const int end : ends)
    if (end >= 0)
      ::close(end);
  return problem;
}

// Of this machine, or of whatever network this process has.
sockaddr_in on_loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  return address;
}

struct loopback_listener {
  loopback_listener() {
    auto address = on_loopback(0);
    socklen_t size = sizeof address;
    if (::bind(fd, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(fd, 1) != 0 ||
        ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0)
      throw std::system_error(errno, std::generic_category(), "a listener");
    port = ntohs(address.sin_port);
  }
  loopback_listener(const loopback_listener&) = delete;
  ~loopback_listener() { ::close(fd); }

  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  std::uint16_t port = 0;
};

int connect_to(std::uint16_t port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const auto address = on_loopback(port);
  const int problem =
    error_of(::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address));
  ::close(fd);
  return problem;
}

} // namespace

// -- guarded --------------------------------------------------------------------------------------------

TEST_CASE("options for a sandbox are refused where there is none") {
  CHECK(refusal({.processes = 1, .sockets = true}) ==
        "pool options sockets and writable_directories are for a sandbox: set sandbox to guarded, "
        "or leave them out");
}

TEST_CASE("a guarded child does not start where the kernel cannot guard it") {
  const places where;
  troupe::pool pool{rt(), guarded(where)};
  if (has_landlock())
    CHECK(pool.apply(make_directory, where.root + "/in/one").get() == 0);
  else
    CHECK_THAT(start_error(guarded(where)), ContainsSubstring("\"guarded\" needs "));
}

TEST_CASE("a guarded child changes files only beneath the directories that it is given") {
  if (!has_landlock())
    return;
  const places where;
  const auto file = where.root + "/out/file";
  for (const auto method : {troupe::start_method::spawn, troupe::start_method::forkserver}) {
    auto options = guarded(where);
    options.start_method = method;
    troupe::pool pool{rt(), options};
    CHECK(pool.apply(write_file, where.root + "/in/new").get() == 0);
    CHECK(pool.apply(make_directory, where.root + "/in/directory").get() == 0);
    CHECK(pool.apply(remove_file, where.root + "/in/new").get() == 0);
    CHECK(pool.apply(write_file, "/dev/null").get() == 0);

    CHECK(pool.apply(write_file, file).get() == EACCES);
    CHECK(pool.apply(write_file, where.root + "/out/new").get() == EACCES);
    CHECK(pool.apply(truncate_file, file).get() == EACCES);
    CHECK(pool.apply(remove_file, file).get() == EACCES);
    CHECK(pool.apply(make_directory, where.root + "/out/directory").get() == EACCES);
    CHECK(pool.apply(move, file, where.root + "/in/file").get() != 0);
    CHECK(pool.apply(shell, "echo x 2>/dev/null > " + file).get() != 0);
    std::filesystem::remove(where.root + "/in/directory");
  }
  std::string content;
  std::ifstream(file) >> content;
  CHECK(content == "content");
}

TEST_CASE("a guarded child opens sockets only if it is told that it may, and gains no privileges") {
  if (!has_landlock())
    return;
  const places where;
  auto options = guarded(where);
  troupe::pool without{rt(), options};
  for (const auto domain : {AF_INET, AF_INET6, AF_UNIX, AF_NETLINK})
    CHECK(without.apply(open_socket, domain).get() == EACCES);
  CHECK(
    without
      .apply([] { return error_of(static_cast<int>(::syscall(SYS_io_uring_setup, 1, nullptr))); })
      .get() == EACCES);
  CHECK(without.apply(open_pair, SOCK_DGRAM | SOCK_CLOEXEC).get() == EACCES);
  CHECK(without.apply(open_pair, SOCK_RAW).get() == EACCES);
  CHECK(without.apply(open_pair, SOCK_STREAM | SOCK_NONBLOCK).get() == 0);
  CHECK(without.apply(open_pair, SOCK_SEQPACKET | SOCK_CLOEXEC).get() == 0);
  CHECK(without.apply([] { return ::prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0); }).get() == 1);
  CHECK(without.apply(type_into, 0).get() == EPERM);
  options.sockets = true;
  troupe::pool with{rt(), options};
  CHECK(with.apply(open_socket, AF_UNIX).get() == 0);
  CHECK(with.apply(type_into, 0).get() == EPERM);
}

TEST_CASE("in a child with a sandbox all that troupe does works") {
  const auto kind = GENERATE(troupe::sandbox::guarded, troupe::sandbox::isolated);
  if (!has_landlock() || (kind == troupe::sandbox::isolated && !can_isolate()))
    return;
  const places where;
  auto options = guarded(where);
  options.sandbox = kind;
  options.cancel_grace = 2s; // in which the stack comes
  options.output = troupe::output::capture;
  troupe::pool pool{rt(), options};
  const std::string large(std::size_t{3} << 20, 'x');
  CHECK(pool.apply([](std::string text) { return text + "!"; }, large).get() == large + "!");
  CHECK_THROWS_AS(
    pool.apply([]() -> int { throw std::domain_error("no"); }).get(), std::domain_error);
  try {
    pool.apply([] { std::abort(); }).get();
    FAIL("it had a value");
  } catch (const troupe::child_lost& lost) {
    CHECK(lost.signal() == SIGABRT);
    CHECK_FALSE(lost.traceback().empty());
  }
  CHECK(pool.apply(open_socket, AF_INET).get() == EACCES); // also its successor
  try {
    pool.apply(troupe::task_options{.timeout = 100ms}, spin_forever).get();
    FAIL("it had a value");
  } catch (const troupe::task_timeout& late) {
    CHECK_FALSE(late.traceback().empty());
  }
}

// -- alone ----------------------------------------------------------------------------------------------

TEST_CASE("an isolated child does not start where the system cannot isolate it") {
  const places where;
  troupe::pool pool{rt(), isolated(where)};
  if (can_isolate())
    CHECK(pool.apply(make_directory, where.root + "/in/one").get() == 0);
  else
    CHECK_THAT(start_error(isolated(where)), ContainsSubstring("\"isolated\" needs "));
}

TEST_CASE("an isolated child changes files only beneath the directories that it is given") {
  if (!can_isolate())
    return;
  const places where;
  for (const auto method : {troupe::start_method::spawn, troupe::start_method::forkserver}) {
    auto options = isolated(where);
    options.start_method = method;
    troupe::pool pool{rt(), options};
    CHECK(pool.apply(write_file, where.root + "/in/new").get() == 0);
    CHECK(pool.apply(write_file, where.root + "/out/file").get() == EACCES);
  }
}

TEST_CASE("an isolated child that may open sockets reaches itself, and nobody else") {
  if (!can_isolate())
    return;
  const places where;
  auto options = isolated(where);
  troupe::pool without{rt(), options};
  for (const auto domain : {AF_INET, AF_UNIX})
    CHECK(without.apply(open_socket, domain).get() == EACCES);
  options.sockets = true;
  troupe::pool with{rt(), options};
  for (const auto domain : {AF_UNIX, AF_NETLINK, AF_PACKET, AF_VSOCK})
    CHECK(with.apply(open_socket, domain).get() == EACCES);
  const auto over_ipv6 = with.apply(open_socket, AF_INET6).get();
  CHECK((over_ipv6 == 0 || over_ipv6 == EAFNOSUPPORT)); // a kernel may be without
  CHECK(with.apply(open_pair, SOCK_DGRAM).get() == EACCES);
  CHECK(with.apply(open_pair, SOCK_STREAM).get() == 0);

  const loopback_listener outside;
  CHECK(connect_to(outside.port) == 0);
  CHECK(with.apply(connect_to, outside.port).get() == ECONNREFUSED);
  CHECK(with.apply([] { return connect_to(loopback_listener().port); }).get() == 0);
}

TEST_CASE("an isolated child reaches no process but those that it has started, and has no rights") {
  if (!can_isolate())
    return;
  const places where;
  troupe::pool pool{rt(), isolated(where)};
  const auto parent = ::getpid();
  CHECK(pool.apply([](pid_t who) { return error_of(::kill(who, 0)); }, parent).get() == EPERM);
  CHECK(pool.apply(shell, "sleep 60 & kill $!").get() == 0);
  for (const std::string what : {"environ", "mem", "fd/0"}) {
    const auto path = "/proc/" + std::to_string(parent) + '/' + what;
    CHECK(read_file(path) != EACCES);
    CHECK(pool.apply(read_file, path).get() == EACCES);
  }
  CHECK(pool.apply([] { return ::geteuid(); }).get() == ::geteuid());
  CHECK(pool.apply([] { return ::getegid(); }).get() == ::getegid());
  CHECK(pool.apply([] { return error_of(::sethostname("mine", 4)); }).get() == EPERM);
  CHECK(pool.apply([] { return error_of(::unshare(CLONE_NEWUSER)); }).get() == EPERM);
  CHECK(pool.apply(limit_files_of, parent).get() == EPERM);
  CHECK(pool.apply(limit_files_of, 0).get() == 0);
  CHECK(pool.apply([] { return limit_files_of(::getpid()); }).get() == 0);
  CHECK(pool.apply(shell, "grep -q '^CapEff:[[:space:]]*0*$' /proc/self/status").get() == 0);
  CHECK(pool.apply(shell, "grep -q '^CapPrm:[[:space:]]*0*$' /proc/self/status").get() == 0);
}

TEST_CASE("a child with threads that would stay outside of its sandbox does not start") {
  if (!has_landlock())
    return;
  const places where;
  auto options = guarded(where);
  options.loop_initializer = [](troupe::loop_options&) { std::thread([] { ::pause(); }).detach(); };
  CHECK_THAT(start_error(options),
    ContainsSubstring(
      "pool option sandbox: threads that the program has started already (1) would stay outside"));
}

TEST_CASE("a writable directory that is none fails the start and is named") {
  if (!has_landlock())
    return;
  const places where;
  auto options = guarded(where);
  options.writable_directories = {where.root + "/out/file"};
  CHECK_THAT(start_error(options),
    ContainsSubstring(
      "the writable directory " + where.root + "/out/file cannot be opened: Not a directory"));
}
