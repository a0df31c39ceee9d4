// What becomes of changes of a file while a program runs.
#include "config_file.hpp"

#include "support/catch.hpp"

#include <string>
#include <vector>

using config_test::load;
using troupe::change_effect;

namespace {

std::string shown(const troupe::config_change& change) {
  static const char* const effects[] = {"live", "recycle", "restart"};
  return change.key + ": " + change.before + " -> " + change.value + " (" + change.pool + ") " +
         effects[static_cast<int>(change.effect)];
}

std::vector<std::string> between(std::string_view before, std::string_view now) {
  std::vector<std::string> all;
  for (const auto& change : troupe::changes(load(before), load(now)))
    all.push_back(shown(change));
  return all;
}

using lines = std::vector<std::string>;

} // namespace

TEST_CASE("nothing changes where the file says the same, wherever it says it") {
  CHECK(between("[pool.a]\nspares = 1\n", "\n\n[pool.a]\nspares   = 1 # one\n").empty());
  CHECK(between("[pool.a]\nspares = 0\n", "[pool.a]\n").empty()); // that is the default
}

TEST_CASE("what the children of a pool have needs recycling, their number is applied, and all else "
          "needs a restart") {
  CHECK(between("[pool.a]\nprocesses = 1\n", "[pool.a]\nprocesses = 2\noutput = 'capture'\nspares "
                                             "= 1\numask = '077'\n[pool.a.limits]\nnice = 5\n") ==
        lines{"pool.a.processes: 1 -> 2 (a) live", "pool.a.spares: 0 -> 1 (a) restart",
          "pool.a.output: \"inherit\" -> \"capture\" (a) recycle",
          "pool.a.limits.nice: 0 -> 5 (a) recycle", "pool.a.umask:  -> \"077\" (a) recycle"});
}

TEST_CASE("a name of a pool may be in quotation marks, and have dots") {
  CHECK(between("[pool.'a.b']\nprocesses = 1\n", "[pool.\"a.b\"]\nprocesses = 2\n") ==
        lines{"pool.\"a.b\".processes: 1 -> 2 (a.b) live"});
}

TEST_CASE("values that come and go are changes of a program's own") {
  CHECK(between("[app.shop]\nport = 1\nname = 'x'\n", "[app.shop]\nport = 2\nhost = 'y'\n") ==
        lines{"app.shop.host:  -> \"y\" () restart", "app.shop.port: 1 -> 2 () restart",
          "app.shop.name: \"x\" ->  () restart"});
}
