// A decoder trusts nothing: whatever bytes it gets, it yields a value or throws `decode_error`.
#include "base/limits.hpp"
#include "support/seeded.hpp"
#include "unit/codec_types.hpp"

#include <cstring>
#include <filesystem>
#include <set>
#include <unordered_map>

using namespace troupe;
using namespace troupe::test;

namespace {

std::span<const std::byte> view_of(const std::vector<std::byte>& bytes) {
  return bytes;
}

std::vector<std::byte> bytes_of(std::initializer_list<int> values) {
  std::vector<std::byte> result;
  for (int value : values)
    result.push_back(static_cast<std::byte>(value));
  return result;
}

// A count, and some bytes behind it.
std::vector<std::byte> counted(std::uint32_t count, std::size_t bytes) {
  std::vector<std::byte> result(sizeof count + bytes, std::byte{1});
  std::memcpy(result.data(), &count, sizeof count);
  return result;
}

/// True if the bytes are a T, false if they are not; anything but `decode_error` fails the test.
template <class T>
bool is_value(std::span<const std::byte> bytes) {
  try {
    static_cast<void>(decoded<T>(bytes));
    return true;
  } catch (const decode_error&) {
    return false;
  }
}

template <class T>
void no_truncation_is_a_value(const T& value) {
  const auto whole = encoded(value);
  REQUIRE(is_value<T>(detail::view(whole)));
  std::size_t accepted = 0;
  for (std::size_t size = 0; size < whole.size(); ++size) {
    // A copy of its own, so that a sanitizer sees any read beyond it.
    const std::vector<std::byte> part(whole.begin(), whole.begin() + size);
    accepted += is_value<T>(part);
  }
  CHECK(accepted == 0);
}

// Remembers the largest allocation.
std::size_t largest_allocation = 0;

template <class T>
struct recording_allocator {
  using value_type = T;
  recording_allocator() = default;
  template <class U>
  explicit recording_allocator(const recording_allocator<U>&) {}
  T* allocate(std::size_t n) {
    largest_allocation = std::max(largest_allocation, n * sizeof(T));
    return std::allocator<T>().allocate(n);
  }
  void deallocate(T* p, std::size_t n) { std::allocator<T>().deallocate(p, n); }
  friend bool operator==(const recording_allocator&, const recording_allocator&) { return true; }
};

template <class T>
using recorded_vector = std::vector<T, recording_allocator<T>>;
using recorded_string = std::basic_string<char, std::char_traits<char>, recording_allocator<char>>;

template <class T>
void is_refused_before_allocation(std::uint32_t count, std::size_t bytes) {
  largest_allocation = 0;
  CHECK_FALSE(is_value<T>(counted(count, bytes)));
  CHECK(largest_allocation <= 4 * bytes);
}

using anything = std::variant<int, std::string, std::vector<std::optional<double>>, tree, shape>;

} // namespace

TEST_CASE("no truncation of an encoding is a value") {
  no_truncation_is_a_value(std::uint64_t{7});
  no_truncation_is_a_value(std::string("some text"));
  no_truncation_is_a_value(
    shape{"square", {{0, 0}, {1, 1}}, colour::red, std::string("tag"), {{"k", {1, 2}}}});
  no_truncation_is_a_value(tree{1, {{2, {}}, {3, {{4, {}}}}}});
  no_truncation_is_a_value(account("ann", 5));
  no_truncation_is_a_value(
    std::map<std::string, std::vector<bool>>{{"a", {true, false}}, {"b", {}}});
  no_truncation_is_a_value(std::make_error_code(std::errc::io_error));
  no_truncation_is_a_value(std::filesystem::path("/usr/lib"));
  no_truncation_is_a_value(
    std::tuple<int, std::vector<std::string>, std::optional<point>>{1, {"x", "y"}, point{}});
}

TEST_CASE("bytes that are left over are an error") {
  CHECK_FALSE(is_value<int>(view_of(std::vector<std::byte>(5))));
  CHECK_FALSE(is_value<std::string>(counted(3, 4)));
  CHECK_FALSE(is_value<std::monostate>(bytes_of({0})));
}

TEST_CASE("a count beyond the bytes left is refused before anything is allocated") {
  for (const auto count : {0xffffffffU, 0x80000000U, 0x7fffffffU, 1000U}) {
    is_refused_before_allocation<recorded_string>(count, 100);
    is_refused_before_allocation<recorded_vector<char>>(count, 100);
    is_refused_before_allocation<recorded_vector<std::uint64_t>>(count, 100);
    is_refused_before_allocation<recorded_vector<std::string>>(count, 100);
    is_refused_before_allocation<recorded_vector<point>>(count, 100);
    is_refused_before_allocation<recorded_vector<bool>>(count, 100);
    CHECK_FALSE(is_value<std::set<int>>(counted(count, 100)));
    CHECK_FALSE((is_value<std::map<int, std::monostate>>(counted(count, 100))));
    CHECK_FALSE(is_value<std::vector<std::monostate>>(counted(count, 100)));
  }
}

TEST_CASE("a count must leave room for the whole of each element") {
  CHECK(is_value<std::vector<std::uint64_t>>(counted(12, 96)));
  CHECK_FALSE(is_value<std::vector<std::uint64_t>>(counted(13, 96)));
  CHECK_FALSE(is_value<std::vector<std::uint64_t>>(counted(13, 103)));
}

TEST_CASE("a bool that is neither 0 nor 1 is an error") {
  CHECK(is_value<bool>(bytes_of({1})));
  for (int byte : {2, 0x80, 0xff})
    CHECK_FALSE(is_value<bool>(bytes_of({byte})));
  CHECK_FALSE(is_value<std::optional<int>>(bytes_of({2, 0, 0, 0, 0})));
  CHECK_FALSE(is_value<std::unique_ptr<int>>(bytes_of({3, 0, 0, 0, 0})));
  CHECK_FALSE(is_value<std::vector<bool>>(bytes_of({2, 0, 0, 0, 1, 2})));
}

TEST_CASE("an index beyond a variant's alternatives is an error") {
  using value = std::variant<std::monostate, char>;
  CHECK(is_value<value>(bytes_of({0, 0, 0, 0})));
  CHECK(is_value<value>(bytes_of({1, 0, 0, 0, 65})));
  CHECK_FALSE(is_value<value>(bytes_of({2, 0, 0, 0, 65})));
  CHECK_FALSE(is_value<value>(bytes_of({0xff, 0xff, 0xff, 0xff, 65})));
}

TEST_CASE("a key that comes twice does no harm") {
  const auto twice = bytes_of({2, 0, 0, 0, 7, 1, 7, 2});
  CHECK(decoded<std::map<char, char>>(twice).size() == 1);
  CHECK(decoded<std::unordered_map<char, char>>(twice).size() == 1);
}

TEST_CASE("values nested without end are an error and not a stack overflow") {
  CHECK_FALSE(is_value<chain>(std::vector<std::byte>(1'000'000, std::byte{1})));
  std::vector<std::byte> trees;
  std::vector<std::byte> expressions;
  for (int i = 0; i < 100'000; ++i) {
    for (int byte : {0, 0, 0, 0, 1, 0, 0, 0}) // a value, and one child
      trees.push_back(static_cast<std::byte>(byte));
    for (int byte : {1, 0, 0, 0, 1, 0, 0, 0}) // a vector of one expression
      expressions.push_back(static_cast<std::byte>(byte));
  }
  CHECK_FALSE(is_value<tree>(trees));
  CHECK_FALSE(is_value<expression>(expressions));
}

TEST_CASE("nesting is bounded by its depth and not by its number") {
  tree wide;
  wide.children.resize(5'000);
  for (auto& child : wide.children)
    child.children.resize(1);
  CHECK(round_trip(wide).children.size() == 5'000);
  chain deep;
  chain* last = &deep;
  for (std::size_t i = 0; i < limits::max_value_depth / 2 - 1; ++i)
    last = (last->next = std::make_unique<chain>()).get();
  CHECK(round_trip(deep).next);
}

TEST_CASE("random bytes are a value or a decode_error, of whatever type they should be") {
  std::size_t values = 0;
  for_each_seed(20'000, [&](random_source& random) {
    // Small numbers are counts and indices that can be.
    auto bytes = random_bytes(random, random.below(64));
    for (auto& byte : bytes)
      if (!random.one_in(4))
        byte &= std::byte{1};
    switch (random.below(7)) {
    case 0:
      values += is_value<shape>(bytes);
      break;
    case 1:
      values += is_value<tree>(bytes);
      break;
    case 2:
      values += is_value<anything>(bytes);
      break;
    case 3:
      values += is_value<std::map<std::string, std::variant<bool, std::vector<account>>>>(bytes);
      break;
    case 4:
      values +=
        is_value<std::tuple<chain, std::optional<std::filesystem::path>, std::set<short>>>(bytes);
      break;
    case 5:
      values += is_value<std::vector<std::vector<std::string>>>(bytes);
      break;
    case 6:
      values += is_value<expression>(bytes);
      break;
    }
  });
  INFO(values << " of them were values");
  CHECK(values > 0);
}

TEST_CASE("an encoding with some bytes changed is a value or a decode_error") {
  const shape value{"square", {{0, 0}, {1, 1}}, colour::red, std::string("tag"), {{"k", {1, 2}}}};
  const auto whole = encoded(value);
  for_each_seed(2'000, [&](random_source& random) {
    std::vector<std::byte> bytes(whole.begin(), whole.end());
    for (auto changes = 1 + random.below(3); changes > 0; --changes)
      random.pick(bytes) = static_cast<std::byte>(random.word());
    static_cast<void>(is_value<shape>(bytes));
  });
}
