// A table of types that arrive as they were sent. Those that do not compile are in tests/compile_errors/refused.cpp.
#include "support/catch.hpp"
#include "unit/codec_types.hpp"

#include <array>
#include <bitset>
#include <chrono>
#include <complex>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <list>
#include <map>
#include <memory>
#include <memory_resource>
#include <optional>
#include <set>
#include <string>
#include <system_error>
#include <tuple>
#include <unordered_map>
#include <unordered_set>
#include <variant>
#include <vector>

using namespace troupe;
using namespace troupe::test;

namespace {

enum plain_enum { first, second };
enum class byte_enum : std::uint8_t { one = 1, high = 200 };

struct nothing {
  friend bool operator==(const nothing&, const nothing&) = default;
};

struct constant {
  const int number = 1;
  const std::string text;
  friend bool operator==(const constant&, const constant&) = default;
};

struct holds_constant {
  constant inner;
  std::vector<constant> more;
  friend bool operator==(const holds_constant&, const holds_constant&) = default;
};

struct leaf final {
  int value = 0;
  friend bool operator==(const leaf&, const leaf&) = default;
};

struct final_polymorphic final {
  virtual ~final_polymorphic() = default;
  template <class Inspector>
  friend typename Inspector::result_type inspect(Inspector& f, final_polymorphic& x) {
    return f(x.value);
  }
  int value = 0;
};

struct descending {
  bool operator()(int a, int b) const { return a > b; }
};

struct nested_all {
  point where;
  std::optional<std::vector<std::map<std::string, std::variant<int, std::string>>>> deep;
  std::array<std::pair<int, bool>, 2> both;
  friend bool operator==(const nested_all&, const nested_all&) = default;
};

template <class T>
void arrives(const T& value) {
  INFO(typeid(T).name());
  CHECK(round_trip(value) == value);
}

} // namespace

TEST_CASE("numbers arrive as they were sent") {
  arrives(true);
  arrives('x');
  arrives(static_cast<signed char>(-5));
  arrives(static_cast<unsigned char>(250));
  arrives(u8'x');
  arrives(u'\u20ac');
  arrives(U'\U0001F600');
  arrives(L'x');
  arrives(static_cast<short>(-300));
  arrives(static_cast<unsigned short>(60'000));
  arrives(-70'000);
  arrives(4'000'000'000u);
  arrives(-5'000'000'000L);
  arrives(5'000'000'000UL);
  arrives(-5'000'000'000LL);
  arrives(18'000'000'000'000'000'000ULL);
  arrives(1.5f);
  arrives(-0.1);
  arrives(0.1L);
  arrives(std::byte{77});
  arrives(second);
  arrives(byte_enum::high);
  arrives(std::complex<float>(1, -2));
  arrives(std::complex<double>(0.5, 3));
}

TEST_CASE("strings and sequences arrive as they were sent") {
  arrives(std::string("with \0 a zero", 13));
  arrives(std::wstring(L"wide"));
  arrives(std::u8string(u8"\u20ac"));
  arrives(std::u16string(u"\u20ac"));
  arrives(std::u32string(U"\u20ac"));
  arrives(std::pmr::string("of a resource"));
  arrives(std::filesystem::path("/tmp/a b"));
  arrives(std::vector<int>{1, 2, 3});
  arrives(std::vector<bool>{true, false, true});
  arrives(std::vector<std::string>{"", "a"});
  arrives(std::vector<std::vector<double>>{{}, {1, 2}});
  arrives(std::pmr::vector<int>{4, 5});
  arrives(std::deque<int>{1, 2});
  arrives(std::list<std::string>{"x", "y"});
  arrives(std::array<int, 3>{1, 2, 3});
  arrives(std::array<std::string, 2>{"a", "b"});
  arrives(std::array<int, 0>{});
  arrives(std::bitset<1>(1));
  arrives(std::bitset<13>(4097));
  arrives(std::bitset<128>().set(127));
}

TEST_CASE("sets and maps arrive as they were sent") {
  arrives(std::set<int>{3, 1, 2});
  arrives(std::set<int, descending>{3, 1, 2});
  arrives(std::multiset<std::string>{"a", "a"});
  arrives(std::map<std::string, int>{{"a", 1}, {"b", 2}});
  arrives(std::multimap<int, int>{{1, 2}, {1, 3}});
  arrives(std::unordered_set<int>{1, 2});
  arrives(std::unordered_multiset<int>{1, 1});
  arrives(std::unordered_map<std::string, std::vector<int>>{{"a", {1}}});
  arrives(std::unordered_multimap<int, int>{{1, 2}, {1, 2}});
}

TEST_CASE("values that may be absent, or one of several, arrive as they were sent") {
  arrives(std::optional<int>());
  arrives(std::optional<std::string>("x"));
  arrives(std::variant<int, std::string>("x"));
  arrives(std::variant<std::monostate, int>());
  arrives(std::pair(1, std::string("x")));
  arrives(std::tuple<>());
  arrives(std::tuple(1, 2.5, std::string("x")));
  CHECK(*round_trip(std::make_unique<int>(5)) == 5);
  CHECK(*round_trip(std::make_shared<const std::string>("x")) == "x");
  CHECK(round_trip(std::unique_ptr<leaf>()) == nullptr);
  CHECK(round_trip(std::make_shared<final_polymorphic>())->value == 0);
  arrives(std::error_code(2, std::generic_category()));
}

TEST_CASE("times and dates arrive as they were sent") {
  using namespace std::chrono;
  arrives(nanoseconds(5));
  arrives(hours(-3));
  arrives(duration<double, std::milli>(0.5));
  arrives(system_clock::time_point(seconds(1'700'000'000)));
  arrives(steady_clock::now());
  arrives(sys_days(2024y / 2 / 29));
  arrives(31d);
  arrives(February);
  arrives(2024y);
  arrives(Monday);
  arrives(Monday[2]);
  arrives(Monday[last]);
  arrives(February / 29);
  arrives(February / last);
  arrives(February / Monday[2]);
  arrives(February / Monday[last]);
  arrives(2024y / February);
  arrives(2024y / 2 / 29);
  arrives(2024y / 2 / last);
  arrives(2024y / 2 / Monday[2]);
  arrives(2024y / 2 / Monday[last]);
}

TEST_CASE("classes of the program arrive as they were sent") {
  arrives(nothing{});
  arrives(point{1, 2.5});
  arrives(constant{7, "x"});
  arrives(holds_constant{{7, "x"}, {{8, "y"}}});
  arrives(std::optional(constant{7, "x"}));
  arrives(std::pair(constant{7, "x"}, 1));
  arrives(std::vector<leaf>{{1}, {2}});
  arrives(leaf{3});
  arrives(nested_all{{1, 2}, {{{{"a", 1}, {"b", "text"}}}}, {{{1, true}, {2, false}}}});
}

TEST_CASE("a circle of pointers is an error when it is encoded") {
  struct ring {
    std::shared_ptr<ring> next;
  };
  auto first_one = std::make_shared<ring>();
  first_one->next = std::make_shared<ring>(ring{first_one});
  CHECK_THROWS_WITH(encoded(first_one), ContainsSubstring("a circle of pointers"));
  first_one->next = nullptr;
  CHECK(round_trip(first_one)->next == nullptr);
}
