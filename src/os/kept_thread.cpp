#include "os/kept_thread.hpp"

#include "base/forked_copy.hpp"

#include <condition_variable>
#include <mutex>
#include <system_error>

#include <pthread.h>

namespace troupe::os {

struct kept_thread::gate {
  std::mutex mutex;
  std::condition_variable changed;
  bool open = false; // guarded by mutex

  static void pass(void* value) {
    const std::unique_ptr<std::shared_ptr<gate>> own(static_cast<std::shared_ptr<gate>*>(value));
    if (base::is_forked_copy())
      return; // which has no children to keep
    std::unique_lock lock((*own)->mutex);
    (*own)->changed.wait(lock, [&] { return (*own)->open; });
  }

  // The destructor of a thread's value of this key runs when the thread ends, but not when the process does,
  // which it would if the value was `thread_local`.
  static pthread_key_t key() {
    static const pthread_key_t made = [] {
      pthread_key_t result{};
      if (const int error = ::pthread_key_create(&result, pass); error != 0)
        throw std::system_error(
          error, std::generic_category(), "keeping the thread that forked a zygote");
      return result;
    }();
    return made;
  }
};

kept_thread::kept_thread()
  : gate_(std::make_shared<gate>()) {
  const auto key = gate::key();
  delete static_cast<std::shared_ptr<gate>*>(::pthread_getspecific(key)); // of an earlier one
  auto value = std::make_unique<std::shared_ptr<gate>>(gate_);
  if (const int error = ::pthread_setspecific(key, value.get()); error != 0)
    throw std::system_error(
      error, std::generic_category(), "keeping the thread that forked a zygote");
  static_cast<void>(value.release());
}

kept_thread::~kept_thread() {
  {
    const std::lock_guard lock(gate_->mutex);
    gate_->open = true;
  }
  gate_->changed.notify_all();
}

} // namespace troupe::os
