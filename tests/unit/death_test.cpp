// The parts of a death certificate that can be looked at by themselves.
#include "child/runtime/frame_list.hpp"
#include "os/image.hpp"
#include "os/library_frames.hpp"
#include "os/memory_shortage.hpp"
#include "support/catch.hpp"

#include <troupe/errors.hpp>

#include <csignal>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include <unistd.h>

using namespace troupe;

namespace {

// Frames as "address" or "xN" for N more of the same, "xN/K" of the same K frames.
std::string folded(const std::vector<std::uintptr_t>& addresses) {
  link::crash_area::frame frames[limits::max_stack_frames] = {};
  std::uint32_t count = 0;
  child::frame_list list(frames, count);
  for (const auto address : addresses)
    list.add(address);
  list.finish();
  std::string text;
  for (std::uint32_t i = 0; i < count; ++i) {
    const auto offset = frames[i].offset;
    text += text.empty() ? "" : " ";
    if (frames[i].module != os::repeated_frames) {
      text += std::to_string(offset); // there is no code: it is the address
      continue;
    }
    text += "x" + std::to_string(offset & ((std::uint64_t{1} << os::repeat_bits) - 1));
    if (const auto cycle = offset >> os::repeat_bits; cycle > 1)
      text += "/" + std::to_string(cycle);
  }
  return text;
}

class fake_root {
public:
  fake_root() { std::filesystem::create_directories(path_ / "proc/self"); }
  fake_root(const fake_root&) = delete;
  ~fake_root() { std::filesystem::remove_all(path_); }

  void write(const std::string& file, const std::string& text) const {
    std::filesystem::create_directories((path_ / file).parent_path());
    std::ofstream(path_ / file) << text;
  }
  const std::filesystem::path& path() const { return path_; }

private:
  const std::filesystem::path path_ =
    std::filesystem::temp_directory_path() / ("troupe-root-" + std::to_string(::getpid()));
};

} // namespace

TEST_CASE("frames that repeat are listed once, with how often") {
  CHECK(folded({}).empty());
  CHECK(folded({1, 2, 3}) == "1 2 3");
  CHECK(folded({1, 1}) == "1 x1");
  CHECK(folded({9, 1, 1, 1, 2}) == "9 1 x2 2");
  CHECK(folded({1, 2, 1, 2, 1, 2, 3}) == "1 2 x2/2 3");
  CHECK(folded({1, 2, 3, 1, 2, 3, 1, 2, 9}) == "1 2 3 x1/3 1 2 9"); // a round that came to no end
  CHECK(folded({1, 2, 1}) == "1 2 1");
  CHECK(folded({1, 2, 1, 3}) == "1 2 1 3"); // it only looked like one
  CHECK(folded({1, 1, 2, 1, 1}) == "1 x1 2 1 x1");
  CHECK(folded(std::vector<std::uintptr_t>(41'235, 7)) == "7 x41234");
}

TEST_CASE("more frames than there is room for are left out") {
  std::vector<std::uintptr_t> many(limits::max_stack_frames + 5);
  for (std::size_t i = 0; i < many.size(); ++i)
    many[i] = i + 1;
  const auto text = folded(many);
  CHECK_THAT(text, EndsWith(" " + std::to_string(limits::max_stack_frames)));
  many.insert(many.end(), 100, 5);
  CHECK(folded(many) == text);
}

TEST_CASE("the name of a function is found in its signature") {
  CHECK(os::name_in_signature("main") == "main");
  CHECK(os::name_in_signature("a::b(int)") == "a::b");
  CHECK(os::name_in_signature("void a::b<int, c<d> >(char)") == "a::b<int, c<d> >");
  CHECK(os::name_in_signature("(anonymous namespace)::f(int)") == "(anonymous namespace)::f");
  CHECK(os::name_in_signature("boost::asio::awaitable<int> user<int>(int)") == "user<int>");
  CHECK(os::name_in_signature("a::b(int)::{lambda()#1}::operator()() const") == "a::b");
}

TEST_CASE("frames of Asio and CAF are known as such, and those of users are not") {
  CHECK(
    os::library_of("boost::asio::detail::scheduler::run(boost::system::error_code&)") == "Asio");
  CHECK(os::library_of("void boost::asio::detail::executor_function_view::complete<x>(void*)") ==
        "Asio");
  CHECK(os::library_of("std::__n4861::coroutine_handle<void>::resume() const") == "Asio");
  CHECK(os::library_of("caf::scheduled_actor::run(caf::execution_unit*)") == "CAF");
  CHECK(os::library_of("boost::asio::awaitable<int, e> fetch<int>(int)").empty());
  CHECK(os::library_of("my::caf::f()").empty());
  CHECK(os::library_of("").empty());
}

TEST_CASE("a signal is described by number, name and words") {
  CHECK(describe_signal(11) == "signal 11 (SIGSEGV, Segmentation fault)");
  CHECK(describe_signal(9) == "signal 9 (SIGKILL, Killed)");
  CHECK(
    describe_signal(SIGRTMIN + 2) == "signal " + std::to_string(SIGRTMIN + 2) + " (SIGRTMIN+2)");
  CHECK(describe_signal(0) == "signal 0");
  CHECK(describe_signal(1000) == "signal 1000");
}

TEST_CASE("memory is looked at in the control group, in both versions") {
  const fake_root root;
  CHECK(os::look_at_memory(root.path()).limit == 0);
  root.write("proc/self/cgroup", "0::/jobs/one\n");
  root.write("proc/vmstat", "nr_free_pages 5\noom_kill 3\n");
  root.write("sys/fs/cgroup/jobs/one/memory.events", "low 0\noom 9\noom_kill 2\n");
  root.write("sys/fs/cgroup/jobs/one/memory.max", "1048576\n");
  auto state = os::look_at_memory(root.path());
  CHECK(state.killed_in_group == 2);
  CHECK(state.killed_in_all == 3);
  CHECK(state.limit == 1'048'576);
  root.write("sys/fs/cgroup/jobs/one/memory.max", "max\n");
  CHECK(os::look_at_memory(root.path()).limit == 0);
  // Version 1, in a container that does not have the group's own directory.
  root.write("proc/self/cgroup", "4:memory,cpu:/elsewhere\n0::/\n");
  root.write("sys/fs/cgroup/memory/memory.oom_control", "under_oom 0\noom_kill 7\n");
  root.write("sys/fs/cgroup/memory/memory.limit_in_bytes", "2097152\n");
  state = os::look_at_memory(root.path());
  CHECK(state.killed_in_group == 7);
  CHECK(state.limit == 2'097'152);
}

TEST_CASE("what points to a want of memory is told, and nothing else") {
  constexpr std::uint64_t mib = 1 << 20;
  const os::memory_state before{1, 1, 100 * mib};
  CHECK(os::evidence_between(before, before, 5 * mib).empty());
  CHECK(os::evidence_between(before, {2, 2, 100 * mib}, 95 * mib) ==
        "possibly out of memory: the kernel has ended a process of its control group for want of "
        "memory; its largest resident set was 95 MiB, of 100 MiB that its control group has");
  CHECK(os::evidence_between(before, {1, 2, 0}, 5 * mib) ==
        "possibly out of memory: the kernel has ended a process for want of memory; its largest "
        "resident set was 5 MiB");
  CHECK(os::evidence_between(before, before, 95 * mib) ==
        "possibly out of memory: its largest resident set was 95 MiB, of 100 MiB that its control "
        "group has");
}
