#include "monitor/runtime_directory.hpp"

#include "support/test_runtime.hpp"

#include <troupe/control.hpp>

#include <cstdlib>
#include <filesystem>
#include <stdexcept>

#include <unistd.h>

namespace troupe::test {

namespace {

constexpr const char* owner = "TROUPE_TEST_DIRECTORY_OWNER";

// Before the runtime is made. Children, which inherit the environment, have the directory of their parent.
struct directory {
  directory() {
    rt_options().control = true;
    if (std::getenv(owner) != nullptr)
      return;
    std::string path = (std::filesystem::temp_directory_path() / "troupe-monitor-XXXXXX").string();
    if (::mkdtemp(path.data()) == nullptr)
      throw std::runtime_error("there is no temporary directory");
    ::setenv("XDG_RUNTIME_DIR", path.c_str(), 1);
    ::setenv(owner, std::to_string(::getpid()).c_str(), 1);
  }
  ~directory() {
    const char* const pid = std::getenv(owner);
    std::error_code ignored;
    if (pid != nullptr && std::to_string(::getpid()) == pid)
      std::filesystem::remove_all(std::getenv("XDG_RUNTIME_DIR"), ignored);
  }
} of_tests;

} // namespace

std::string runtime_directory() {
  return std::getenv("XDG_RUNTIME_DIR");
}

std::string own_socket() {
  for (const auto& found : watched_processes())
    if (found.pid == ::getpid())
      return found.socket;
  throw std::runtime_error("this process cannot be watched");
}

} // namespace troupe::test
