#include "support/baseline.hpp"

#include "link/segment_pool.hpp"
#include "support/process_info.hpp"
#include "support/process_list.hpp"

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>

#include <malloc.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
extern "C" std::size_t __sanitizer_get_current_allocated_bytes(); // gcc has no header for it
#endif

namespace troupe::test {

namespace {

namespace fs = std::filesystem;

// The heap may grow by so much: by what is computed once and kept, such as the symbols of the program, and what
// allocators do not give back.
constexpr std::size_t kept_heap_bytes = std::size_t{24} << 20;
// What a runtime has of each zygote, and of each launcher: these live as long as it does, from the first pool on that
// needs them. So do the threads that find the names of stacks and that write what children have written, which have no
// descriptor.
constexpr std::size_t descriptors_of_a_zygote = 3;
constexpr std::size_t descriptors_of_a_launcher = 1;
constexpr const char* launcher_name = "troupe-launch";

void (*renew_baseline)() = nullptr;

std::string mark() {
  return "TROUPE_TEST_OF_" + std::to_string(::getpid());
}

std::size_t heap_in_use() {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  return __sanitizer_get_current_allocated_bytes();
#else
  const auto info = ::mallinfo2();
  return info.uordblks + info.hblkhd;
#endif
}

std::map<int, std::string> descriptors() {
  std::map<int, std::string> found;
  std::error_code error;
  for (fs::directory_iterator it("/proc/self/fd", error), end; !error && it != end;
       it.increment(error)) {
    std::error_code gone; // that of this iteration is, later
    const auto what = fs::read_symlink(it->path(), gone).string();
    if (!gone && !what.starts_with("/proc/" + std::to_string(::getpid()) + "/fd"))
      found[std::stoi(it->path().filename().string())] = what;
  }
  return found;
}

std::map<std::string, std::size_t> mapped_memory() {
  std::map<std::string, std::size_t> found;
  std::ifstream file("/proc/self/maps");
  for (std::string line; std::getline(file, line);)
    if (const auto at = line.find("memfd:troupe-"); at != std::string::npos)
      ++found[line.substr(at, line.find(' ', at) - at)];
  return found;
}

} // namespace

void keep_for_all_tests() {
  if (renew_baseline != nullptr)
    renew_baseline();
}

void on_kept(void (*renew)()) {
  renew_baseline = renew;
}

void mark_environment() {
  ::setenv(mark().c_str(), "", 1); // NOLINT(concurrency-mt-unsafe)
}

baseline baseline::now() {
  link::segment_pool::of_process().trim(std::chrono::steady_clock::time_point::max());
  baseline result;
  result.descriptors_ = descriptors();
  for (const pid_t thread : threads_of(::getpid()))
    result.threads_[thread] = name_of(thread);
  std::set<pid_t> pids;
  for (const pid_t pid : children_of(::getpid()))
    pids.insert(pid);
  for (const pid_t pid : processes_with(mark() + "="))
    pids.insert(pid);
  for (const pid_t pid : pids) {
    process one{parent_of(pid), name_of(pid), state_of(pid), false};
    one.zygote = one.parent == ::getpid() && one.name == "troupe-zygote" && one.state != "Z";
    if (!one.state.empty()) // it is still there
      result.processes_[pid] = std::move(one);
  }
  result.memory_ = mapped_memory();
  result.heap_ = heap_in_use();
  return result;
}

std::vector<std::string> baseline::excess_over(const baseline& before) const {
  std::vector<std::string> excess;
  std::size_t zygotes = 0;
  for (const auto& [pid, one] : processes_) {
    if (before.processes_.contains(pid))
      continue;
    if (one.zygote)
      ++zygotes;
    else
      excess.push_back("process " + std::to_string(pid) + " (" + one.name + ", state " + one.state +
                       ", child of " + std::to_string(one.parent) + ")");
  }
  std::size_t launchers = 0;
  for (const auto& [thread, name] : threads_) {
    if (before.threads_.contains(thread))
      continue;
    if (name == launcher_name)
      ++launchers;
    else if (name != "troupe-stacks" && name != "troupe-log" &&
             threads_.size() > before.threads_.size())
      excess.push_back("thread " + std::to_string(thread) + " (" + name + ")");
  }
  if (const auto expected = before.descriptors_.size() + zygotes * descriptors_of_a_zygote +
                            launchers * descriptors_of_a_launcher;
      descriptors_.size() > expected) {
    excess.push_back(
      std::to_string(descriptors_.size() - expected) + " descriptors; those that are new:");
    for (const auto& [number, what] : descriptors_)
      if (const auto found = before.descriptors_.find(number);
          found == before.descriptors_.end() || found->second != what)
        excess.push_back("  descriptor " + std::to_string(number) + " (" + what + ")");
  }
  for (const auto& [name, count] : memory_) {
    const auto found = before.memory_.find(name);
    const auto had = found != before.memory_.end() ? found->second : 0;
    if (count > had + (name == "memfd:troupe-zygote" ? zygotes : 0))
      excess.push_back(
        std::to_string(count - had) + " mappings of " + name + " beside " + std::to_string(had));
  }
  if (heap_ > before.heap_ + kept_heap_bytes)
    excess.push_back(std::to_string((heap_ - before.heap_) >> 10) + " KiB of heap");
  return excess;
}

} // namespace troupe::test
