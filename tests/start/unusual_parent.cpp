// A program that treats its runtime in an unusual way, which its argument names.
#include <troupe/troupe.hpp>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <future>
#include <iostream>
#include <limits>
#include <memory>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

int square(int x) {
  return x * x;
}

int take(const troupe::queue<int>& values) {
  return values.pop().value();
}

void die() {
  ::_exit(3);
}

pid_t own_pid() {
  return ::getpid();
}

void say(const std::string& text) {
  std::cout << text << std::endl;
}

std::string thrown_by(const std::function<void()>& function) {
  try {
    function();
  } catch (const std::logic_error& e) {
    const std::string what = e.what();
    return what.find("forked copy") != std::string::npos ? "that it is a copy" : what;
  } catch (const std::exception& e) {
    return e.what();
  }
  return "nothing";
}

#if defined(__SANITIZE_ADDRESS__)
// What belonged to threads that are not in a copy, or to a main thread that has ended, it takes for lost.
extern "C" int __lsan_is_turned_off() {
  return 1;
}
#endif

// -- a copy of the process ------------------------------------------------------------------------------

void say_end_of(pid_t copy) {
  int status = 0;
  ::waitpid(copy, &status, 0);
  say("the copy has exited with " + std::to_string(WEXITSTATUS(status)));
}

int copy_that_goes_on(int argc, char** argv) {
  pid_t copy = 0;
  {
    troupe::runtime rt{argc, argv};
    troupe::pool pool{rt, {.processes = 1}};
    troupe::queue<int> values{rt, 1};
    auto task = pool.apply(take, values);
    copy = ::fork();
    if (copy == 0) {
      say("apply throws " + thrown_by([&] { pool.apply(square, 3); }));
      say("map throws " + thrown_by([&] { pool.map(square, std::vector<int>{1, 2}); }));
      say("get throws " + thrown_by([&] { task.get(); }));
      say("stats throws " + thrown_by([&] { pool.stats(); }));
      say("running_tasks throws " + thrown_by([&] { pool.running_tasks(); }));
      say("ready throws " + thrown_by([&] { pool.ready()([](const std::exception_ptr&) {}); }));
      say("broadcast throws " + thrown_by([&] { pool.broadcast(square, 3); }));
      say("resize throws " + thrown_by([&] { pool.resize(2); }));
      say("close throws " + thrown_by([&] { pool.close(); }));
      say("push throws " + thrown_by([&] { values.push(1); }));
      say("a pool throws " + thrown_by([&] { troupe::pool another{rt, {.processes = 1}}; }));
    } else {
      say_end_of(copy);
      values.push(9);
      say("the parent has " + std::to_string(task.get()));
    }
  }
  return copy == 0 ? 7 : 0;
}

int copy_that_exits(int argc, char** argv) {
  static troupe::runtime rt{argc, argv};
  static troupe::pool pool{rt, {.processes = 1}};
  const auto child = pool.apply(own_pid).get();
  const auto copy = ::fork();
  if (copy == 0)
    std::exit(5);
  say_end_of(copy);
  say(pool.apply(own_pid).get() == child ? "the child lives" : "the child has died");
  return 0;
}

// -- main's thread ends ---------------------------------------------------------------------------------

// "S": it waits. "Z" or "X": it has ended.
char state_of_main_thread() {
  std::ifstream file("/proc/self/task/" + std::to_string(::getpid()) + "/stat");
  std::string text;
  std::getline(file, text);
  const auto name_end = text.rfind(')');
  return name_end == std::string::npos ? 'X' : text[name_end + 2];
}

int main_thread_ends(int argc, char** argv) {
  static std::promise<void> ending;
  pthread_key_t key{};
  ::pthread_key_create(&key, [](void*) { ending.set_value(); });
  static int some_value = 0;
  ::pthread_setspecific(key, &some_value);
  troupe::set_start_method(troupe::start_method::fork);
  auto* rt = new troupe::runtime(argc, argv);
  auto* pool = new troupe::pool(*rt, {.processes = 1});
  const auto child = pool->apply(own_pid).get();
  std::thread([=] {
    ending.get_future().wait();
    while (state_of_main_thread() == 'R')
      std::this_thread::yield();
    say(pool->apply(own_pid).get() == child ? "the child lives" : "the child has died");
    delete pool;
    delete rt;
    say("over");
#if defined(__SANITIZE_THREAD__)
    std::exit(0); // the process would not end by itself: a thread of the sanitizer never does
#endif
  }).detach();
  ::pthread_exit(nullptr);
}

// -- threads cannot be started --------------------------------------------------------------------------

std::atomic<int> live_threads = 0;
std::atomic<int> most_threads = std::numeric_limits<int>::max();

struct thread_body {
  void* (*function)(void*);
  void* argument;
};

void* run_counted(void* given) {
  const std::unique_ptr<thread_body> body(static_cast<thread_body*>(given));
  void* const result = body->function(body->argument);
  --live_threads;
  return result;
}

} // namespace

// The program's own comes before the C library's, for all that is in the process.
extern "C" int pthread_create(pthread_t* thread, const pthread_attr_t* attributes,
  void* (*function)(void*), void* argument) noexcept {
  static const auto next =
    reinterpret_cast<decltype(&pthread_create)>(::dlsym(RTLD_NEXT, "pthread_create"));
  if (++live_threads > most_threads) {
    --live_threads;
    return EAGAIN;
  }
  auto body = std::make_unique<thread_body>(thread_body{function, argument});
  const int error = next(thread, attributes, &run_counted, body.get());
  if (error == 0)
    static_cast<void>(body.release());
  else
    --live_threads;
  return error;
}

namespace {

std::size_t descriptor_count() {
  std::size_t count = 0;
  for (int fd = 0; fd < 1000; ++fd)
    count += ::fcntl(fd, F_GETFD) >= 0 ? 1 : 0;
  return count;
}

// CAF 0.17 waits for its threads of detached actors until they have said that they end, and no longer.
bool end_soon(int threads) {
  const auto patience = std::chrono::steady_clock::now() + std::chrono::minutes(1);
  while (live_threads > threads) { // fewer: one of the first runtime was about to go
    if (std::chrono::steady_clock::now() > patience)
      return false;
    std::this_thread::yield();
  }
  return true;
}

int threads_cannot_be_started(int argc, char** argv) {
  { troupe::runtime first{argc, argv}; } // where the children of the last one take over
  const int threads = live_threads;
  const auto descriptors = descriptor_count();
  bool was_made = false;
  for (int more = 0; !was_made; ++more) { // one more each time, until there are enough
    most_threads = threads + more;
    try {
      troupe::runtime rt{argc, argv};
      was_made = true;
      say("it was made with at most " + std::to_string(more));
    } catch (const std::system_error& e) {
      say(e.what());
    }
    if (!end_soon(threads))
      say("threads are left");
    if (descriptor_count() != descriptors)
      say("descriptors are left");
  }
  most_threads = std::numeric_limits<int>::max();
  troupe::runtime rt{argc, argv};
  troupe::pool pool{rt, {.processes = 1}};
  say(std::to_string(pool.apply(square, 3).get()));
  return 0;
}

// -- nobody reads stderr --------------------------------------------------------------------------------

int nobody_reads_stderr(int argc, char** argv) {
  {
    troupe::runtime rt{argc, argv};
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0)
      return 1;
    while (::write(ends[1], "x", 1) == 1) {
    }
    ::fcntl(ends[1], F_SETFL, 0);
    ::dup2(ends[1], 2);
    troupe::pool pool{rt, {.processes = 1, .restart = {.intensity = 100}}};
    int lost = 0;
    for (int i = 0; i < 20; ++i) // each death is logged
      try {
        pool.apply(die).get();
      } catch (const troupe::child_lost&) {
        ++lost;
      }
    say(std::to_string(lost) + " were lost");
  }
  say("over");
  return 0;
}

// -- a library is replaced ------------------------------------------------------------------------------

// unusual_parent "library" FILE
int library_is_replaced(int argc, char** argv) {
  void* library = argc > 2 ? ::dlopen(argv[2], RTLD_NOW) : nullptr;
  auto* const function = library != nullptr ? ::dlsym(library, "twice") : nullptr;
  if (function == nullptr)
    return 1;
  troupe::runtime rt{argc, argv};
  const auto twice = reinterpret_cast<int (*)(int)>(function);
  const auto outcome = [&] {
    troupe::pool pool{rt, {.processes = 1, .restart = {.intensity = 3}}};
    try {
      return std::to_string(pool.apply(twice, 21).get());
    } catch (const std::logic_error& e) {
      return std::string("an error: ") + e.what();
    }
  };
  say("before: " + outcome());
  std::cin.get(); // it is replaced now
  say("after: " + outcome());
  return 0;
}

// -- a library is loaded later than the children --------------------------------------------------------

// unusual_parent "late library" FILE
int library_is_loaded_later(int argc, char** argv) {
  troupe::runtime rt{argc, argv};
  troupe::pool pool{rt, {.processes = 1}};
  const auto child = pool.apply(own_pid).get();
  void* library = argc > 2 ? ::dlopen(argv[2], RTLD_NOW) : nullptr;
  auto* const function = library != nullptr ? ::dlsym(library, "twice") : nullptr;
  if (function == nullptr)
    return 1;
  auto stranger = pool.apply(reinterpret_cast<int (*)(int)>(function), 21);
  auto bystander = pool.apply(square, 3);
  say("the function throws " + thrown_by([&] { stranger.get(); }));
  say("its neighbour throws " + thrown_by([&] { bystander.get(); }));
  say(pool.apply(own_pid).get() == child ? "the child lives" : "the child has died");
  return 0;
}

} // namespace

int main(int argc, char** argv) {
  const std::string how = argc > 1 ? argv[1] : "";
  if (how == "copy")
    return copy_that_goes_on(argc, argv);
  if (how == "copy that exits")
    return copy_that_exits(argc, argv);
  if (how == "main ends")
    return main_thread_ends(argc, argv);
  if (how == "no threads")
    return threads_cannot_be_started(argc, argv);
  if (how == "full stderr")
    return nobody_reads_stderr(argc, argv);
  if (how == "library")
    return library_is_replaced(argc, argv);
  if (how == "late library")
    return library_is_loaded_later(argc, argv);
  return 2;
}
