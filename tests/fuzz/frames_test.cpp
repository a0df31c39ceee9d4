// What becomes of each line of frames.txt.
#include "fuzz/childs_end.hpp"
#include "fuzz/parents_end.hpp"
#include "support/catch.hpp"

#include <map>

using namespace troupe::fuzz;

namespace {

bool is_as_written(std::string_view outcome, std::string_view written) {
  if (!written.ends_with('*'))
    return outcome == written;
  return outcome.starts_with(written.substr(0, written.size() - 1));
}

// Runs the lines of one side, and says which have another outcome.
template <class End>
void check_lines(bool from_child) {
  End end;
  std::size_t count = 0;
  for (const auto& line : read_script(FRAMES)) {
    if (line.from_child != from_child)
      continue;
    ++count;
    const auto steps =
      parse_steps(line.steps, [&end](std::string_view name) { return end.expand(name); });
    const auto outcome = end.run(line.state, steps);
    if (!is_as_written(outcome, line.outcome))
      FAIL_CHECK("frames.txt:" << line.number << ": " << line.steps << "\n  is: " << outcome
                               << "\n  not: " << line.outcome);
  }
  CHECK(count > 0);
}

} // namespace

// The first, since it forks: this process has one thread until then.
TEST_CASE("each bad frame of a parent has the outcome that is written down for it") {
  check_lines<childs_end>(false);
}

TEST_CASE("each bad frame of a child has the outcome that is written down for it") {
  check_lines<parents_end>(true);
}

TEST_CASE("steps are the same when they have been bytes") {
  for (const auto& line : read_script(FRAMES)) {
    const auto steps = parse_steps(line.steps, [](std::string_view name) {
      return name.starts_with('$') ? std::optional(std::vector<std::byte>(4)) : std::nullopt;
    });
    const auto bytes = to_bytes(steps);
    INFO(line.number);
    CHECK(to_bytes(from_bytes(std::as_bytes(std::span(bytes)))) == bytes);
  }
}
