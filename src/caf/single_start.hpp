#pragma once

#include <exception>
#include <mutex>

namespace troupe::compat {

/// A start of threads that cannot be tried again, since some of them may be there: whoever asks for it once more gets the
/// error of the first time. Thread-safe.
class single_start {
public:
  template <class Start>
  void run(Start start) {
    std::call_once(once_, [&] {
      try {
        start();
        done_ = true;
      } catch (...) {
        failure_ = std::current_exception();
      }
    });
    if (failure_)
      std::rethrow_exception(failure_);
  }
  bool done() const noexcept { return done_; }

private:
  std::once_flag once_;
  bool done_ = false;
  std::exception_ptr failure_;
};

} // namespace troupe::compat
