#include "link/stack_question.hpp"

#include "base/escape.hpp"
#include "base/limits.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <system_error>
#include <utility>

#include <sys/syscall.h>
#include <unistd.h>

namespace troupe::link {

namespace {

std::string name_of_thread(const std::filesystem::path& task) {
  std::ifstream file(task / "comm");
  std::string name;
  std::getline(file, name);
  return base::escape(name);
}

std::filesystem::path threads_of(pid_t pid) {
  return "/proc/" + std::to_string(pid) + "/task";
}

// What the child may write meanwhile.
std::uint32_t read_once(const std::uint32_t& shared) noexcept {
  return *const_cast<const volatile std::uint32_t*>(&shared);
}

// Threads that are none of the program's have all signals blocked: those cannot answer.
bool blocks_signal(const std::filesystem::path& task) {
  std::ifstream file(task / "status");
  for (std::string line; std::getline(file, line);)
    if (line.starts_with("SigBlk:"))
      return (std::strtoull(line.c_str() + 7, nullptr, 16) >> (stack_signal - 1) & 1) != 0;
  return false;
}

} // namespace

stack_question::stack_question(stack_area& area, pid_t pid)
  : area_(area)
  , pid_(pid)
  , number_(area.question.load(std::memory_order_relaxed) + 1) {
  if (number_ == 0) // which says that nobody asks
    number_ = 1;
  area_.places_taken.store(0, std::memory_order_relaxed);
  area_.question.store(number_, std::memory_order_release);
}

bool stack_question::knows(pid_t thread) const noexcept {
  return std::ranges::find(threads_, thread, &known_thread::id) != threads_.end();
}

bool stack_question::signal(pid_t thread) {
  if (blocks_signal(threads_of(pid_) / std::to_string(thread)))
    return true;
  if (::syscall(SYS_tgkill, pid_, thread, stack_signal) == 0) {
    ++asked_;
    return true;
  }
  if (errno != ESRCH)
    throw std::system_error(errno, std::generic_category(), "asking a thread for its stack");
  return false;
}

void stack_question::ask_all() {
  const auto all = threads_of(pid_);
  std::vector<pid_t> others;
  for (const auto& task : std::filesystem::directory_iterator(all))
    if (const auto id = static_cast<pid_t>(std::stol(task.path().filename().string())); !knows(id))
      others.push_back(id);
  std::ranges::sort(others);
  others.resize(std::min(others.size(), limits::max_shown_threads - threads_.size()));
  for (const auto id : others)
    ask(id);
  std::ranges::sort(threads_, {}, [this](const known_thread& thread) {
    return std::pair(thread.id != pid_, thread.id); // the first one first
  });
}

void stack_question::ask(pid_t thread) {
  if (knows(thread) || threads_.size() >= limits::max_shown_threads)
    return;
  threads_.push_back({thread, name_of_thread(threads_of(pid_) / std::to_string(thread))});
  if (!signal(thread))
    threads_.pop_back();
}

template <class Visit>
void stack_question::for_each_answer(Visit visit) const {
  std::set<pid_t> seen; // one that is late with an earlier question could answer twice
  for (const auto& answer : area_.threads) {
    if (answer.answered.load(std::memory_order_acquire) != number_)
      continue;
    const auto id = static_cast<pid_t>(read_once(answer.id));
    if (std::ranges::find(threads_, id, &known_thread::id) != threads_.end() &&
        seen.insert(id).second)
      visit(id, answer);
  }
}

std::size_t stack_question::answers() const {
  std::size_t count = 0;
  for_each_answer([&](pid_t, const stack_area::thread&) { ++count; });
  return count;
}

bool stack_question::answered() const {
  return answers() == asked_;
}

std::vector<thread_stack> stack_question::stacks() const {
  std::vector<thread_stack> result;
  for (const auto& thread : threads_)
    result.push_back({thread.id, thread.name, {}, 0});
  for_each_answer([&](pid_t id, const stack_area::thread& answer) {
    auto& thread = *std::ranges::find(result, id, &thread_stack::thread);
    thread.task = *const_cast<const volatile std::uint64_t*>(&answer.task);
    auto& frames = thread.frames;
    const auto count =
      std::min<std::size_t>(read_once(answer.frame_count), limits::max_stack_frames);
    for (std::size_t i = 0; i < count; ++i)
      frames.push_back({answer.frames[i].module, answer.frames[i].offset});
  });
  return result;
}

} // namespace troupe::link
