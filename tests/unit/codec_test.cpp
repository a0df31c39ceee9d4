// Whatever is encoded comes back as it was. Hostile bytes: see hostile_bytes_test.cpp.
#include "support/catch.hpp"
#include "unit/codec_types.hpp"

#include <rapidcheck.h>

#include <array>
#include <bit>
#include <chrono>
#include <cmath>
#include <deque>
#include <filesystem>
#include <limits>
#include <list>
#include <set>
#include <sstream>
#include <unordered_map>
#include <unordered_set>

#include <boost/asio/error.hpp>

using namespace troupe;
using namespace troupe::test;
using namespace std::chrono_literals;

namespace {

// Checks a property with a fixed seed; what fails is printed shrunk, with rapidcheck's
// "reproduce=".
template <class Property>
void holds(Property property) {
  rc::detail::TestParams params;
  params.seed = 42;
  params.maxSuccess = 60;
  params.maxSize = 40;
  const auto result = rc::detail::checkTestable(property, rc::detail::TestMetadata{}, params);
  std::ostringstream text;
  rc::detail::printResultMessage(result, text);
  INFO("seed " << params.seed << ": " << text.str());
  CHECK(result.template is<rc::detail::SuccessResult>());
}

template <class T>
void all_round_trip() {
  holds([](const T& value) { RC_ASSERT(round_trip(value) == value); });
}

template <class T>
void comes_back(const T& value) {
  CHECK(round_trip(value) == value);
}

template <class T>
void extremes_come_back() {
  comes_back(std::numeric_limits<T>::min());
  comes_back(std::numeric_limits<T>::max());
  comes_back(T{0});
}

// Leaves a variant without a value.
struct unmakeable {
  unmakeable() = default;
  explicit unmakeable(int) { throw std::runtime_error("never"); }
  unmakeable(const unmakeable&) {}
  unmakeable& operator=(const unmakeable&) = default;
  template <class Inspector>
  friend void inspect(Inspector&, unmakeable&) {}
};

} // namespace

// -- scalars
// ----------------------------------------------------------------------------------------

TEST_CASE("integers of every size come back") {
  extremes_come_back<std::int8_t>();
  extremes_come_back<std::uint8_t>();
  extremes_come_back<std::int16_t>();
  extremes_come_back<std::uint16_t>();
  extremes_come_back<std::int32_t>();
  extremes_come_back<std::uint32_t>();
  extremes_come_back<std::int64_t>();
  extremes_come_back<std::uint64_t>();
  extremes_come_back<char>();
  extremes_come_back<wchar_t>();
  extremes_come_back<char32_t>();
  all_round_trip<std::int32_t>();
  all_round_trip<std::uint64_t>();
  comes_back(true);
  comes_back(false);
  comes_back(std::byte{200});
}

TEST_CASE("floating-point numbers come back bit by bit, also those that are not numbers") {
  holds([](std::uint64_t bits) {
    RC_ASSERT(std::bit_cast<std::uint64_t>(round_trip(std::bit_cast<double>(bits))) == bits);
  });
  for (const auto bits : {0x7ff8000000000000ULL, 0x7ff0000000000001ULL, 0xffffffffffffffffULL,
         0x8000000000000000ULL, 0x7ff0000000000000ULL, 0x0000000000000001ULL}) {
    const auto value = std::bit_cast<double>(static_cast<std::uint64_t>(bits));
    CHECK(std::bit_cast<std::uint64_t>(round_trip(value)) == bits);
    CHECK(std::bit_cast<std::uint64_t>(round_trip(std::vector{value, value})[1]) == bits);
  }
  CHECK(std::bit_cast<std::uint32_t>(round_trip(std::bit_cast<float>(0x7fc12345u))) == 0x7fc12345u);
  comes_back(std::numeric_limits<long double>::denorm_min());
}

TEST_CASE("enums come back, also with values that have no name") {
  comes_back(colour::green);
  comes_back(static_cast<colour>(0xffff));
}

TEST_CASE("durations and time points come back") {
  comes_back(std::chrono::nanoseconds::min());
  comes_back(-3h);
  comes_back(std::chrono::duration<double>(0.25));
  comes_back(std::chrono::system_clock::time_point(12345ns));
  comes_back(std::chrono::steady_clock::time_point::max());
  comes_back(std::vector{1ms, 2ms});
}

// -- text and containers
// ----------------------------------------------------------------------------

TEST_CASE("strings come back, also with zeros in them") {
  all_round_trip<std::string>();
  comes_back(std::string("a\0b", 3));
  comes_back(std::string(100'000, 'x'));
  comes_back(std::u16string(u"\u20ac"));
  comes_back(std::wstring(L"w"));
}

TEST_CASE("paths come back") {
  comes_back(std::filesystem::path("/tmp/../x \xff"));
  comes_back(std::filesystem::path());
}

TEST_CASE("sequences come back") {
  all_round_trip<std::vector<int>>();
  all_round_trip<std::vector<bool>>();
  all_round_trip<std::vector<std::string>>();
  all_round_trip<std::deque<std::string>>();
  all_round_trip<std::list<double>>();
  all_round_trip<std::vector<std::vector<std::uint8_t>>>();
  all_round_trip<std::vector<std::pair<int, std::string>>>();
  comes_back(std::vector{std::byte{1}, std::byte{255}});
  comes_back(std::vector{colour::red, colour::green});
}

TEST_CASE("sets and maps come back") {
  all_round_trip<std::set<std::string>>();
  all_round_trip<std::multiset<int>>();
  all_round_trip<std::unordered_set<int>>();
  all_round_trip<std::map<std::string, std::vector<int>>>();
  all_round_trip<std::multimap<int, std::string>>();
  all_round_trip<std::unordered_map<std::string, int>>();
  comes_back(
    std::map<std::pair<int, int>, std::set<std::string>>{{{1, 2}, {"a", "b"}}, {{3, 4}, {}}});
}

TEST_CASE("arrays, pairs and tuples come back") {
  all_round_trip<std::array<std::string, 3>>();
  all_round_trip<std::tuple<int, std::string, std::vector<std::uint16_t>>>();
  all_round_trip<std::pair<std::string, bool>>();
  comes_back(std::tuple<>{});
  comes_back(std::array<int, 0>{});
  comes_back(std::monostate{});
}

// -- alternatives and pointers
// ----------------------------------------------------------------------

TEST_CASE("optional values come back") {
  comes_back(std::optional<int>{});
  comes_back(std::optional<int>{7});
  comes_back(std::optional<std::optional<bool>>{std::optional<bool>{}});
  comes_back(std::vector<std::optional<std::string>>{"a", std::nullopt, ""});
}

TEST_CASE("variants come back as the same alternative, also if two have one type") {
  using value = std::variant<std::monostate, int, std::string, int, std::vector<point>>;
  comes_back(value{});
  comes_back(value{std::in_place_index<1>, 5});
  comes_back(value{std::in_place_index<3>, 5});
  comes_back(value{std::vector<point>{{1, 2.0}, {3, 4.0}}});
}

TEST_CASE("a variant without a value cannot be encoded") {
  std::variant<int, unmakeable> value;
  CHECK_THROWS_AS(value.emplace<1>(7), std::runtime_error);
  REQUIRE(value.valueless_by_exception());
  detail::bytes out;
  CHECK_THROWS_AS(encoder{out}(value), encode_error);
}

TEST_CASE("what a smart pointer points to comes back, and so does a null") {
  const auto pointer = round_trip(std::unique_ptr<point>(new point{1, 2}));
  REQUIRE(pointer);
  CHECK(*pointer == point{1, 2});
  CHECK(round_trip(std::unique_ptr<int>{}) == nullptr);
  CHECK(*round_trip(std::make_shared<std::string>("shared")) == "shared");
  CHECK(*round_trip(std::shared_ptr<const int>(std::make_shared<int>(9))) == 9);
  std::vector<std::unique_ptr<int>> several;
  several.push_back(std::make_unique<int>(3));
  several.push_back(nullptr);
  const auto back = round_trip(several);
  REQUIRE(back.size() == 2);
  CHECK(*back[0] == 3);
  CHECK(back[1] == nullptr);
}

// -- error codes
// ------------------------------------------------------------------------------------

TEST_CASE("error codes come back with the categories that this process knows") {
  comes_back(std::error_code{});
  comes_back(std::make_error_code(std::errc::broken_pipe));
  comes_back(std::error_code(4, std::system_category()));
  comes_back(std::make_error_code(std::io_errc::stream));
  comes_back(std::error_code(boost::system::error_code(boost::asio::error::eof)));
  comes_back(std::error_code(boost::system::error_code(boost::asio::error::host_not_found)));
}

TEST_CASE("an error code of an unknown category keeps its value and the category's name") {
  struct odd_category final : std::error_category {
    const char* name() const noexcept override { return "odd"; }
    std::string message(int) const override { return "odd indeed"; }
  };
  static const odd_category odd;
  const auto back = round_trip(std::error_code(3, odd));
  CHECK(back.value() == 3);
  CHECK(back.category().name() == std::string("odd"));
  CHECK(back == round_trip(std::error_code(3, odd)));
  CHECK(back.message() == "odd error 3");
}

// -- classes
// ----------------------------------------------------------------------------------------

TEST_CASE("aggregates come back field by field, nested ones too") {
  comes_back(point{-5, 0.125});
  comes_back(shape{});
  comes_back(shape{"triangle", {{0, 0}, {1, 0}, {0, 1}}, colour::red, point{7, 8},
    {{"key", {1, 2, 3}}, {"", {}}}});
  holds([](const std::string& name, const std::vector<int>& xs,
          const std::map<std::string, std::vector<std::uint8_t>>& blobs) {
    shape value{name, {}, std::nullopt, name, blobs};
    for (int x : xs)
      value.corners.push_back({x, x / 3.0});
    RC_ASSERT(round_trip(value) == value);
  });
}

TEST_CASE("recursive types come back") {
  const auto back = round_trip(tree{1, {{2, {}}, {3, {{4, {}}}}}});
  REQUIRE(back.children.size() == 2);
  CHECK(back.children[1].children[0].value == 4);
  const auto sum = round_trip(expression{std::vector<expression>{{1}, {2}}});
  CHECK(std::get<0>(std::get<1>(sum.node)[1].node) == 2);
}

TEST_CASE(
  "a type with an inspect function of CAF 1.x comes back, and its load callback is called") {
  account value("ann", 1250);
  value.note = "savings";
  const auto back = round_trip(value);
  CHECK(back == value);
  CHECK(back.loaded);
  comes_back(std::map<std::string, account>{{"a", value}, {"b", account{}}});
}

TEST_CASE("callbacks and invariants of an inspect function can refuse to save and to load") {
  detail::bytes out;
  CHECK_THROWS_AS(encoder{out}(account("unsaveable", 1)), encode_error);
  CHECK_THROWS_AS(round_trip(account("overdrawn", -1)), decode_error);
  CHECK_THROWS_WITH(round_trip(account("superstitious", 13)), ContainsSubstring("invariant"));
}

TEST_CASE("values are encoded one after the other, without padding") {
  detail::bytes out;
  encoder encode(out);
  encode(std::uint8_t{1});
  encode(std::uint32_t{2});
  encode(std::string("abc"));
  CHECK(out.size() == 1 + 4 + 4 + 3);
  decoder decode(detail::view(out));
  CHECK(decode.make<std::uint8_t>() == 1);
  CHECK(decode.make<std::uint32_t>() == 2);
  CHECK(decode.make<std::string>() == "abc");
  decode.finish();
}

// -- the bytes themselves
// ---------------------------------------------------------------------------

TEST_CASE("bytes keep what is appended, within the object and beyond it") {
  holds([](const std::vector<std::string>& parts) {
    detail::bytes bytes;
    std::string expected;
    for (const auto& part : parts) {
      bytes.append(part.data(), part.size());
      expected += part;
    }
    const auto text = [](const detail::bytes& b) {
      return std::string(reinterpret_cast<const char*>(b.data()), b.size());
    };
    const detail::bytes copy(bytes);
    RC_ASSERT(text(bytes) == expected);
    RC_ASSERT(text(copy) == expected);
    const detail::bytes moved(std::move(bytes));
    RC_ASSERT(text(moved) == expected);
    RC_ASSERT(bytes.empty()); // NOLINT(bugprone-use-after-move): it says so
    bytes = copy;
    bytes.append("!", 1);
    RC_ASSERT(text(bytes) == expected + "!");
    bytes.assign(detail::view(copy));
    RC_ASSERT(text(bytes) == expected);
  });
}

namespace {

struct nothing {
  friend bool operator==(const nothing&, const nothing&) = default;
};

struct two_nothings {
  std::monostate first;
  nothing second;
  friend bool operator==(const two_nothings&, const two_nothings&) = default;
};

enum class answer : bool { no, yes };

} // namespace

TEST_CASE("a container of values that take no bytes keeps its size") {
  comes_back(std::vector<nothing>(3));
  comes_back(std::vector<two_nothings>(3));
  comes_back(std::vector<std::array<int, 0>>(3));
  comes_back(std::vector<std::tuple<std::monostate, nothing>>(3));
  CHECK(round_trip(std::vector<std::monostate>(3)).size() == 3);
}

TEST_CASE("an enum of bool comes back") {
  comes_back(std::vector{answer::yes, answer::no});
}
