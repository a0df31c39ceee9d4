// The codec takes inspect functions of both forms that CAF has had, whichever CAF is installed.
#include "support/catch.hpp"
#include "unit/codec_types.hpp"

#include <optional>
#include <string>
#include <utility>
#include <vector>

using namespace troupe;
using namespace troupe::test;

namespace {

// A class of the form of 0.17.
class called {
public:
  called() = default;
  explicit called(std::string name, int age)
    : name_(std::move(name))
    , age_(age) {}
  template <class Inspector>
  friend typename Inspector::result_type inspect(Inspector& f, called& x) {
    return f(x.name_, x.age_);
  }
  friend bool operator==(const called&, const called&) = default;

private:
  std::string name_;
  int age_ = 0;
};

// The same of the form of 1.x.
class with_fields {
public:
  with_fields() = default;
  explicit with_fields(std::string name, int age)
    : name_(std::move(name))
    , age_(age) {}
  template <class Inspector>
  friend bool inspect(Inspector& f, with_fields& x) {
    return f.object(x).fields(f.field("name", x.name_), f.field("age", x.age_));
  }
  friend bool operator==(const with_fields&, const with_fields&) = default;

private:
  std::string name_;
  int age_ = 0;
};

// One that deduces what it returns.
struct deduced {
  int value = 0;
  explicit operator bool() const { return true; }
  friend bool operator==(const deduced&, const deduced&) = default;
};
template <class Inspector>
auto inspect(Inspector& f, deduced& x) {
  return f.apply(x.value);
}

// Gives and takes its values by functions, one of which it may not have.
class guarded {
public:
  guarded() = default;
  explicit guarded(int even, std::optional<std::string> note = {})
    : even_(even)
    , note_(std::move(note)) {}

  template <class Inspector>
  friend bool inspect(Inspector& f, guarded& x) {
    const auto get = [&x] { return x.even_; };
    const auto set = [&x](int value) {
      x.even_ = value;
      return value % 2 == 0;
    };
    return f.object(x).fields(f.field("even", get, set),
      f.field(
        "note", [&x] { return x.note_.has_value(); }, [&x]() -> std::string& { return *x.note_; },
        [&x] { x.note_.reset(); }, [&x](std::string text) { x.note_ = std::move(text); }));
  }
  friend bool operator==(const guarded&, const guarded&) = default;

private:
  int even_ = 0;
  std::optional<std::string> note_ = "unset";
};

// Fields whose types have inspect functions.
struct nested {
  with_fields first;
  std::vector<called> others;
  friend bool operator==(const nested&, const nested&) = default;
};
template <class Inspector>
bool inspect(Inspector& f, nested& x) {
  return f.object(x).fields(f.field("first", x.first), f.field("others", x.others));
}

// Says no, and not why.
struct refusing {
  bool when_loading = false;
};
template <class Inspector>
bool inspect(Inspector& f, refusing& x) {
  return f.apply(x.when_loading) && x.when_loading == Inspector::is_loading;
}

template <class T>
std::vector<std::byte> bytes_of(const T& value) {
  const auto out = encoded(value);
  const auto bytes = detail::view(out);
  return {bytes.begin(), bytes.end()};
}

} // namespace

TEST_CASE("an inspect function of either form of CAF's is enough") {
  CHECK(round_trip(called("ann", 7)) == called("ann", 7));
  CHECK(round_trip(with_fields("ann", 7)) == with_fields("ann", 7));
  CHECK(round_trip(deduced{5}) == deduced{5});
  const nested all{with_fields("a", 1), {called("b", 2), called("c", 3)}};
  CHECK(round_trip(all) == all);
}

TEST_CASE("both forms make the same bytes, and names take none") {
  CHECK(bytes_of(called("ann", 7)) == bytes_of(with_fields("ann", 7)));
  CHECK(bytes_of(with_fields("ann", 7)) == bytes_of(std::pair(std::string("ann"), 7)));
}

TEST_CASE("getters and setters of an inspect function are called, and a setter may refuse") {
  CHECK(round_trip(guarded(4)) == guarded(4));
  CHECK(round_trip(guarded(4, "x")) == guarded(4, "x"));
  CHECK_THROWS_AS(round_trip(guarded(3)), decode_error);
}

TEST_CASE("an inspect function that returns false is an error") {
  detail::bytes out;
  CHECK_THROWS_AS(encoder{out}(refusing{true}), encode_error);
  CHECK_THROWS_AS(round_trip(refusing{false}), decode_error);
}

TEST_CASE("every truncation of a type with an inspect function is an error") {
  const auto whole = bytes_of(nested{with_fields("a", 1), {called("b", 2)}});
  for (std::size_t length = 0; length < whole.size(); ++length)
    CHECK_THROWS_AS(decoded<nested>(std::span(whole).first(length)), decode_error);
}
