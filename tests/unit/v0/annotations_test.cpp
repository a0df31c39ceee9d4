// What inspect functions of CAF 0.17 have beside fields.
#include "support/catch.hpp"
#include "unit/codec_types.hpp"

#include <caf/meta/load_callback.hpp>
#include <caf/meta/omittable_if_empty.hpp>
#include <caf/meta/save_callback.hpp>
#include <caf/meta/type_name.hpp>

#include <cstdint>
#include <string>

using namespace troupe;
using namespace troupe::test;

namespace {

struct annotated {
  std::string owner;
  std::string note;
  std::int64_t cents = 0;
  bool loaded = false;

  template <class Inspector>
  friend typename Inspector::result_type inspect(Inspector& f, annotated& x) {
    return f(caf::meta::type_name("annotated"), x.owner, caf::meta::omittable_if_empty(), x.note,
      x.cents, caf::meta::save_callback([&]() -> bool { return x.owner == "unsaveable"; }),
      caf::meta::load_callback([&]() -> bool {
        x.loaded = true;
        return x.cents < 0;
      }));
  }
};

} // namespace

TEST_CASE("annotations are no fields, and the load callback is called") {
  const auto back = round_trip(annotated{"ann", "savings", 1250});
  CHECK(back.owner == "ann");
  CHECK(back.note == "savings");
  CHECK(back.cents == 1250);
  CHECK(back.loaded);
  CHECK(encoded(annotated{"a", "b", 1}).size() == encoded(std::string("a")).size() * 2 + 8);
}

TEST_CASE("a callback among the annotations can refuse to save and to load") {
  detail::bytes out;
  CHECK_THROWS_AS(encoder{out}(annotated{"unsaveable", "", 1}), encode_error);
  CHECK_THROWS_AS(round_trip(annotated{"overdrawn", "", -1}), decode_error);
}
