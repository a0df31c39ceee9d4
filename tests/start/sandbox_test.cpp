// Where children live, and what the kernel keeps them from.
#include "support/catch.hpp"
#include "support/functions.hpp"
#include "support/test_runtime.hpp"

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/prctl.h>
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
    char name[] = "/tmp/troupe-sandbox-XXXXXX";
    if (::mkdtemp(name) == nullptr)
      throw std::runtime_error("mkdtemp");
    root = name;
    std::filesystem::create_directory(root + "/in");
    std::filesystem::create_directory(root + "/out");
    std::ofstream(root + "/out/file") << "content";
  }
  ~places() { std::filesystem::remove_all(root); }

  std::string root;
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

int write_file(const std::string& path) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT, 0600);
  const int problem = error_of(fd);
  if (fd >= 0)
    ::close(fd);
  return problem;
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

int open_pair(int kind) {
  int ends[2] = {-1, -1};
  const int problem = error_of(::socketpair(AF_UNIX, kind, 0, ends));
  for (const int end : ends)
    if (end >= 0)
      ::close(end);
  return problem;
}

std::string variable(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  return value == nullptr ? "(none)" : value;
}

std::string start_error(troupe::pool_options options) {
  troupe::pool pool{rt(), std::move(options)};
  try {
    pool.apply(open_socket, AF_INET).get();
  } catch (const troupe::start_failed& failed) {
    return failed.what();
  }
  return "it had a value";
}

std::string refusal(troupe::pool_options options) {
  try {
    troupe::pool pool{rt(), std::move(options)};
  } catch (const std::invalid_argument& refused) {
    return refused.what();
  }
  return "it was accepted";
}

} // namespace

// -- where children live --------------------------------------------------------------------------------

TEST_CASE("a child keeps only the variables that its pool wants, before its initializer runs") {
  ::setenv("TROUPE_TEST_KEPT", "kept", 1);
  ::setenv("TROUPE_TEST_KEPT_TOO", "kept too", 1);
  ::setenv("TROUPE_TEST_SECRET", "secret", 1);
  const auto initializer =
    troupe::call([] { ::setenv("TROUPE_TEST_SEEN", variable("TROUPE_TEST_SECRET").c_str(), 1); });
  troupe::pool pool{rt(), {.processes = 1,
                            .initializer = initializer,
                            .start_method = troupe::start_method::spawn,
                            .environment = {{"TROUPE_TEST_KEPT*", "PATH"}}}};
  CHECK(pool.apply(variable, "TROUPE_TEST_KEPT").get() == "kept");
  CHECK(pool.apply(variable, "TROUPE_TEST_KEPT_TOO").get() == "kept too");
  CHECK(pool.apply(variable, "TROUPE_TEST_SECRET").get() == "(none)");
  CHECK(pool.apply(variable, "TROUPE_TEST_SEEN").get() == "(none)");
  // A zygote, which may be made here, has the environment of that time, and so have those that it forks for other tests.
  for (const auto* name : {"TROUPE_TEST_KEPT", "TROUPE_TEST_KEPT_TOO", "TROUPE_TEST_SECRET"})
    ::unsetenv(name);
  troupe::pool forked{rt(),
    {.processes = 1, .start_method = troupe::start_method::forkserver, .environment = {{"PATH"}}}};
  CHECK(forked.apply(variable, "PATH").get() == variable("PATH"));
  CHECK(forked.apply(variable, "HOME").get() == "(none)");
  troupe::pool without{rt(), {.processes = 1, .environment = {std::vector<std::string>()}}};
  CHECK(without.apply(variable, "PATH").get() == "(none)");
}

TEST_CASE("a child works in the directory and with the umask that its pool wants") {
  const places where;
  troupe::pool pool{rt(), {.processes = 1, .working_directory = where.root + "/in", .umask = 0077}};
  CHECK(pool.apply([] { return std::filesystem::current_path().string(); }).get() ==
        where.root + "/in");
  auto permissions = pool.apply([] {
    std::ofstream("file") << 'x';
    struct stat status {};
    ::stat("file", &status);
    return status.st_mode & 0777u;
  });
  CHECK(permissions.get() == 0600u);
  CHECK(std::filesystem::exists(where.root + "/in/file"));
}

TEST_CASE("a directory in which a child cannot work fails the start and is named") {
  CHECK_THAT(start_error({.processes = 1, .working_directory = "/nowhere/at/all"}),
    ContainsSubstring(
      "pool option working_directory: a child cannot work in /nowhere/at/all: No such file"));
}

TEST_CASE("surroundings that cannot be are refused before any child starts") {
  CHECK(refusal({.processes = 1, .working_directory = "here"}) ==
        "pool option working_directory is \"here\", but must be an absolute path");
  CHECK(refusal({.processes = 1, .environment = {{"A=b"}}}) ==
        "pool option environment is \"A=b\", but must be names of variables, like \"PATH\" or "
        "\"LC_*\"");
  CHECK(refusal({.processes = 1, .environment = {{"*A"}}}) ==
        "pool option environment is \"*A\", but has a \"*\" that is not at the end of a name");
  CHECK(refusal({.processes = 1, .umask = 01000}) == "pool option umask must be 0 to 0777 (octal)");
  CHECK(refusal({.processes = 1, .sockets = true}) ==
        "pool options sockets and writable_directories are for a sandbox: set sandbox to guarded, "
        "or leave them out");
}

// -- what the kernel keeps them from --------------------------------------------------------------------

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
  options.sockets = true;
  troupe::pool with{rt(), options};
  CHECK(with.apply(open_socket, AF_UNIX).get() == 0);
}

TEST_CASE("in a guarded child all that troupe does works") {
  if (!has_landlock())
    return;
  const places where;
  auto options = guarded(where);
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
