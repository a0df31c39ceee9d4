// An inspect function that is written for CAF 1.x, and uses what CAF offers for it, serves both codecs.
#include "support/catch.hpp"
#include "unit/codec_types.hpp"

#include <caf/binary_deserializer.hpp>
#include <caf/binary_serializer.hpp>
#include <caf/default_enum_inspect.hpp>
#include <caf/error.hpp>
#include <caf/sec.hpp>

#include <cstdint>
#include <string>
#include <string_view>

using namespace troupe;
using namespace troupe::test;

namespace {

enum class fruit : std::uint8_t { apple, pear };

std::string to_string(fruit x) {
  return x == fruit::apple ? "apple" : "pear";
}
bool from_string(std::string_view text, fruit& x) {
  x = text == "apple" ? fruit::apple : fruit::pear;
  return true;
}
bool from_integer(std::uint8_t number, fruit& x) {
  x = static_cast<fruit>(number);
  return number <= 1;
}
template <class Inspector>
bool inspect(Inspector& f, fruit& x) {
  return caf::default_enum_inspect(f, x);
}

struct basket {
  fruit kind = fruit::apple;
  int pieces = 0;
};
template <class Inspector>
bool inspect(Inspector& f, basket& x) {
  return f.object(x).fields(f.field("kind", x.kind), f.field("pieces", x.pieces));
}

// Refuses with an error of CAF's.
struct rotten {
  int days = 0;
};
template <class Inspector>
bool inspect(Inspector& f, rotten& x) {
  if (x.days > 7) {
    f.set_error(caf::make_error(caf::sec::invalid_argument, "it smells"));
    return false;
  }
  return f.object(x).fields(f.field("days", x.days));
}

} // namespace

TEST_CASE("one inspect function serves troupe's codec and CAF's") {
  const auto back = round_trip(basket{fruit::pear, 3});
  CHECK(back.kind == fruit::pear);
  CHECK(back.pieces == 3);
  caf::byte_buffer bytes;
  caf::binary_serializer sink(bytes);
  basket sent{fruit::pear, 3};
  REQUIRE(sink.apply(sent));
  basket received;
  caf::binary_deserializer source(bytes);
  REQUIRE(source.apply(received));
  CHECK(received.kind == fruit::pear);
  CHECK(received.pieces == 3);
}

TEST_CASE("an error that an inspect function sets is the text of what is thrown") {
  detail::bytes out;
  CHECK_THROWS_WITH(encoder{out}(rotten{8}), ContainsSubstring("it smells"));
  CHECK(round_trip(rotten{6}).days == 6);
}
