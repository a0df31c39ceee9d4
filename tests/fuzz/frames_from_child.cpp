// Whatever a child writes into its link, only that child comes to harm: see parents_end.hpp.
#include "fuzz/parents_end.hpp"
#include "fuzz/target.hpp"

#include <span>

using namespace troupe::fuzz;

namespace {

parents_end& the_parent() {
  // Never destroyed: CAF cannot be once the variables of the thread are gone.
  static auto* const one = new parents_end;
  return *one;
}

} // namespace

std::vector<std::string> troupe::fuzz::own_seeds(const std::string& script) {
  std::vector<std::string> seeds;
  const auto states = parents_end::states();
  for (const auto& line : read_script(script))
    if (line.from_child) {
      std::size_t state = 0;
      while (states[state] != line.state)
        ++state;
      const auto steps =
        parse_steps(line.steps, [](std::string_view name) { return the_parent().expand(name); });
      seeds.push_back(static_cast<char>(state) + to_bytes(steps));
    }
  return seeds;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0)
    return 0;
  const auto states = parents_end::states();
  const auto bytes = std::as_bytes(std::span(data, size));
  the_parent().run(states[data[0] % states.size()], from_bytes(bytes.subspan(1)));
  return 0;
}
