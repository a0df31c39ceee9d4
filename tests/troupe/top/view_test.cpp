// What `troupe top` shows of what processes say.
#include "support/catch.hpp"
#include "top/view.hpp"
#include "troupe/top/example_status.hpp"

#include <algorithm>
#include <string>

using namespace troupe_cli;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;

namespace {

// Without files of programs.
view_names plain_names() {
  return {
    [](const module_files&, const task_label& label) {
      return label.others ? "(others)" : label.name.empty() ? "function" : label.name;
    },
    [](const module_files&, const code_place& place) {
      return "frame " + std::to_string(place.offset);
    },
  };
}

process_status example() {
  return example_status("no \x1b[2Jpage");
}

std::string text_of(const std::vector<view_line>& lines) {
  std::string text;
  for (const auto& line : lines)
    text += line.text + "\n";
  return text;
}

std::string line_with(const std::vector<view_line>& lines, const std::string& part) {
  for (const auto& line : lines)
    if (line.text.find(part) != std::string::npos)
      return line.text;
  return "no line has " + part;
}

} // namespace

TEST_CASE("one look has counts, and rates since the first child was started") {
  const auto lines = show_pool(example(), 0, nullptr, {}, plain_names());
  CHECK(lines[0].text == "shop  pid 42  troupe 0.1.0");
  CHECK(lines[1].text == "pool pages  children 2 (1 busy)");
  CHECK(lines[2].text == "done 1,200  failed 3  cancelled 0  left 297  rate 120/s  ETA 2.47 s");
  CHECK(lines[3].text == "queue 290 of 1,000  in children 7  retried 0  lost 1  timed out 0  "
                         "expired 0  deaths 0");
  CHECK(line_with(lines, "SLOT") == "SLOT  PID  STATE  CPU %    MEMORY  TASKS  RESTARTS  RUNS");
  CHECK(line_with(lines, " 100 ") == "   0  100  ready   90.0  10.0 MiB    700         0");
  CHECK(line_with(lines, " 101 ") == "   1  101  ready   20.0  30.0 MiB    503         2  fetch "
                                     "for 3.00 s, attempt 2 and 1 more");
  CHECK(
    line_with(lines, "TASK ") == "TASK    DONE  FAILED  CANCELLED  LEFT   RATE     ETA     MEAN");
  CHECK(
    line_with(lines, "fetch  ") == "fetch  1,200       3          0   297  120/s  2.47 s  9.97 ms");
}

TEST_CASE("two looks have the rates of the time in between") {
  const auto before = example();
  auto now = example();
  now.when += 2s;
  now.pools[0].succeeded += 20;
  now.pools[0].tasks[0].succeeded += 20;
  now.pools[0].children[0].cpu += 1s;
  const auto lines = show_pool(now, 0, &before, {}, plain_names());
  CHECK_THAT(lines[2].text, Contains("rate 10.0/s"));
  CHECK_THAT(line_with(lines, " 100 "), Contains(" 50.0 "));
  CHECK_THAT(line_with(lines, " 101 "), Contains(" 0.0 "));
}

TEST_CASE("a pool that was made anew has no negative rates") {
  auto before = example();
  before.pools[0].succeeded = 1'000'000;
  auto now = example();
  now.when += 1s;
  CHECK_THAT(show_pool(now, 0, &before, {}, plain_names())[2].text, Contains("rate -  ETA -"));
  before.pools[0].id = "9";
  CHECK_THAT(show_pool(now, 0, &before, {}, plain_names())[2].text, Contains("rate 120/s"));
}

TEST_CASE("failures have their cause, and their stacks if these are wanted") {
  view_options options;
  auto lines = show_pool(example(), 0, nullptr, options, plain_names());
  CHECK(line_with(lines, " ago ") ==
        "2.00 s ago  fetch (task 5, attempt 3, slot 1, pid 101): std::runtime_error: no "
        "\\x1b[2Jpage");
  CHECK(text_of(lines).find("frame 11") == std::string::npos);
  options.with_stacks = true;
  lines = show_pool(example(), 0, nullptr, options, plain_names());
  CHECK(lines.back().text == "    #0 frame 11");
}

TEST_CASE("nothing that a process says reaches the terminal as it is") {
  auto process = example();
  for (auto* text :
    {&process.program, &process.version, &process.pools[0].name,
      &process.pools[0].children[0].state, &process.pools[0].failures[0].type, &process.command[0]})
    *text = "\x1b]0;title\x07\xff";
  const auto all =
    text_of(show_pool(process, 0, nullptr, {}, plain_names())) + text_of(list_processes({process}));
  CHECK(std::ranges::none_of(all, [](char c) {
    return (static_cast<unsigned char>(c) < 0x20 && c != '\n') || c == '\x7f' || c == '\xff';
  }));
}

TEST_CASE("children stand in the order that was chosen") {
  const auto pool = example().pools[0];
  const auto first = [&](child_order order) {
    return ordered_children(pool, nullptr, order).front().slot;
  };
  CHECK(first(child_order::slot) == 0);
  CHECK(first(child_order::cpu) == 0);
  CHECK(first(child_order::memory) == 1);
  CHECK(first(child_order::tasks) == 0);
}

TEST_CASE("the chosen child is marked") {
  view_options options;
  options.selected = 1;
  const auto lines = show_pool(example(), 0, nullptr, options, plain_names());
  const auto marked = std::ranges::find(lines, view_line::kind::selected, &view_line::what);
  REQUIRE(marked != lines.end());
  CHECK_THAT(marked->text, StartsWith("   1  101"));
}

TEST_CASE("a process without pools can be shown") {
  auto process = example();
  process.pools.clear();
  CHECK(text_of(show_pool(process, 0, nullptr, {}, plain_names())) ==
        "shop  pid 42  troupe 0.1.0\nit has no pool at present\n");
}

TEST_CASE("several processes have a line each") {
  const auto lines = list_processes({example(), example()});
  REQUIRE(lines.size() == 3);
  CHECK(lines[0].text == "PID  PROGRAM  POOLS  CHILDREN  LEFT  FAILED  COMMAND");
  CHECK(lines[1].text == " 42  shop         1         2   297       3  ./shop --all");
}

TEST_CASE("stacks are shown by thread, also of one that did not answer") {
  stack_status stacks;
  stacks.threads = {{10, "pool", {{0, 1}, {3, 2}}}, {11, "other\x1b", {}}};
  CHECK(text_of(show_stacks(stacks, plain_names())) ==
        "thread 10 (pool)\n#0 frame 1\n#1 frame 2\nthread 11 (other\\x1b) did not answer\n");
}
