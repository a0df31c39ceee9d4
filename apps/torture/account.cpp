#include "account.hpp"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <system_error>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

namespace torture {

namespace {

constexpr const char* variable = "TROUPE_TORTURE_ACCOUNT";
constexpr auto file_bytes = static_cast<off_t>(account::capacity * sizeof(entry));

[[noreturn]] void fail(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

} // namespace

void account::make() {
  const int file = ::memfd_create("troupe-torture", MFD_CLOEXEC);
  if (file < 0)
    fail("memfd_create for the account");
  if (::ftruncate(file, file_bytes) != 0)
    fail("ftruncate of the account");
  const auto path = "/proc/" + std::to_string(::getpid()) + "/fd/" + std::to_string(file);
  if (::setenv(variable, path.c_str(), 1) != 0)
    fail("setenv");
  static_cast<void>(here()); // what is forked has it from now on
}

account& account::here() {
  static account one;
  return one;
}

void account::look() noexcept {
  if (std::getenv(variable) == nullptr)
    return;
  try {
    static_cast<void>(here());
  } catch (const std::exception& e) {
    std::fprintf(stderr, "troupe-torture: a child without account: %s\n", e.what());
  }
}

account::account() {
  const char* const path = std::getenv(variable);
  if (path == nullptr)
    throw std::logic_error(std::string(variable) + " is not in the environment");
  file_ = ::open(path, O_RDWR | O_CLOEXEC);
  if (file_ < 0)
    fail(path);
  void* const at = ::mmap(nullptr, file_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file_, 0);
  if (at == MAP_FAILED)
    fail("mmap of the account");
  entries_ = static_cast<entry*>(at);
}

entry& account::of(std::uint64_t task) {
  if (task >= capacity)
    throw std::out_of_range("the account has no room for task " + std::to_string(task));
  return entries_[task];
}

void account::begin(std::uint64_t task) {
  auto& noted = of(task);
  noted.pid.store(::getpid());
  noted.begun.fetch_add(1);
}

void account::clear() {
  if (::fallocate(file_, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, file_bytes) != 0)
    fail("fallocate of the account");
}

} // namespace torture
