// Whatever a child finds in its ring, it takes, or leaves with an exit code or an error that says why: see childs_end.hpp.
#include "fuzz/childs_end.hpp"
#include "fuzz/target.hpp"

#include <cstdio>
#include <cstdlib>
#include <span>

using namespace troupe::fuzz;

namespace {

childs_end& the_child() {
  static childs_end one;
  return one;
}

} // namespace

std::vector<std::string> troupe::fuzz::own_seeds(const std::string& script) {
  std::vector<std::string> seeds;
  const auto states = childs_end::states();
  for (const auto& line : read_script(script))
    if (!line.from_child) {
      const auto steps =
        parse_steps(line.steps, [](std::string_view name) { return the_child().expand(name); });
      seeds.push_back(static_cast<char>(line.state == states[1] ? 1 : 0) + to_bytes(steps));
    }
  return seeds;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0)
    return 0;
  const auto states = childs_end::states();
  auto steps = from_bytes(std::as_bytes(std::span(data, size)).subspan(1));
  std::erase_if(steps, [](const step& one) { return !childs_end::is_harmless(one); });
  const auto outcome = the_child().run(states[data[0] % states.size()], steps);
  if (outcome.find("ends with signal") != std::string::npos ||
      outcome.find("does not end") != std::string::npos) {
    std::fprintf(stderr, "the child: %s\n", outcome.c_str());
    std::abort();
  }
  return 0;
}
