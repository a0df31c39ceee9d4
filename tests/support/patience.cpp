#include "support/patience.hpp"

#include "support/hang_report.hpp"

#include "os/process_setup.hpp"

#include <cstdlib>

#include <pthread.h>

namespace troupe::test {

namespace {

// Half of what CTest gives a whole program.
#if defined(__SANITIZE_THREAD__)
constexpr std::chrono::seconds default_limit{1800};
#else
constexpr std::chrono::seconds default_limit{300};
#endif

std::chrono::seconds limit_of_environment() {
  const char* const said = std::getenv("TROUPE_TEST_PATIENCE"); // NOLINT(concurrency-mt-unsafe)
  return said != nullptr ? std::chrono::seconds(std::stoi(said)) : default_limit;
}

} // namespace

patience::patience()
  : limit_(limit_of_environment()) {
  if (limit_.count() == 0)
    return;
  const os::signals_blocked blocked; // signals are for the threads of the test
  thread_ = std::thread([this] {
    ::pthread_setname_np(::pthread_self(), "test-patience");
    watch();
  });
}

patience::~patience() {
  {
    const std::lock_guard lock(mutex_);
    over_ = true;
  }
  changed_.notify_one();
  if (thread_.joinable())
    thread_.join();
}

void patience::begin(const std::string& test) {
  const std::lock_guard lock(mutex_);
  test_ = test;
  deadline_ = std::chrono::steady_clock::now() + limit_;
  changed_.notify_one();
}

void patience::end() {
  const std::lock_guard lock(mutex_); // the thread need not wake up for it
  test_.clear();
}

void patience::watch() {
  std::unique_lock lock(mutex_);
  while (!over_) {
    if (test_.empty())
      changed_.wait(lock);
    else if (std::chrono::steady_clock::now() < deadline_)
      changed_.wait_until(lock, deadline_);
    else {
      report_hang(test_, limit_);
      std::abort();
    }
  }
}

} // namespace troupe::test
