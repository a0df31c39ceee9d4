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
  , number_(area.question.load(std::memory_order_relaxed) + 1) {
  if (number_ == 0) // which says that nobody asks
    number_ = 1;
  const std::filesystem::path all = "/proc/" + std::to_string(pid) + "/task";
  for (const auto& task : std::filesystem::directory_iterator(all))
    threads_.push_back({static_cast<pid_t>(std::stol(task.path().filename().string())), {}});
  std::ranges::sort(threads_, {}, [pid](const known_thread& thread) {
    return std::pair(thread.id != pid, thread.id); // the first one first
  });
  if (threads_.size() > limits::max_shown_threads)
    threads_.resize(limits::max_shown_threads);
  for (auto& thread : threads_)
    thread.name = name_of_thread(all / std::to_string(thread.id));
  area_.places_taken.store(0, std::memory_order_relaxed);
  area_.question.store(number_, std::memory_order_release);
  std::erase_if(threads_, [&](const known_thread& thread) {
    if (blocks_signal(all / std::to_string(thread.id)))
      return false;
    if (::syscall(SYS_tgkill, pid, thread.id, stack_signal) == 0) {
      ++asked_;
      return false;
    }
    if (errno != ESRCH) // the thread has ended meanwhile
      throw std::system_error(errno, std::generic_category(), "asking a thread for its stack");
    return true;
  });
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
    result.push_back({thread.id, thread.name, {}});
  for_each_answer([&](pid_t id, const stack_area::thread& answer) {
    auto& frames = std::ranges::find(result, id, &thread_stack::thread)->frames;
    const auto count =
      std::min<std::size_t>(read_once(answer.frame_count), limits::max_stack_frames);
    for (std::size_t i = 0; i < count; ++i)
      frames.push_back({answer.frames[i].module, answer.frames[i].offset});
  });
  return result;
}

} // namespace troupe::link
