#pragma once

#include "unit/encoding.hpp"

#include <troupe/codec.hpp>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <variant>
#include <vector>

// Types that the tests of the codec encode.
namespace troupe::test {

enum class colour : std::uint16_t { red = 1, green = 500 };

struct point {
  int x = 0;
  double y = 0;
  friend bool operator==(const point&, const point&) = default;
};

struct shape {
  std::string name;
  std::vector<point> corners;
  std::optional<colour> fill;
  std::variant<std::monostate, int, std::string, point> tag;
  std::map<std::string, std::vector<std::uint8_t>> blobs;
  friend bool operator==(const shape&, const shape&) = default;
};

struct tree {
  std::int32_t value = 0;
  std::vector<tree> children;
};

struct chain {
  std::unique_ptr<chain> next;
};

struct expression {
  std::variant<std::int32_t, std::vector<expression>> node;
};

// Not an aggregate; has what inspect functions of CAF 1.x may have.
class account {
public:
  account() = default;
  account(std::string owner, std::int64_t cents)
    : owner_(std::move(owner))
    , cents_(cents) {}

  template <class Inspector>
  friend bool inspect(Inspector& f, account& x) {
    return f.object(x)
      .pretty_name("account")
      .on_save([&] { return x.owner_ != "unsaveable"; })
      .on_load([&] {
        x.loaded = true;
        return x.cents_ >= 0;
      })
      .fields(f.field("owner", x.owner_), f.field("note", x.note).fallback(""),
        f.field("cents", x.cents_).invariant([](std::int64_t cents) { return cents != 13; }));
  }
  friend bool operator==(const account& a, const account& b) {
    return a.owner_ == b.owner_ && a.note == b.note && a.cents_ == b.cents_;
  }

  std::string note;
  bool loaded = false;

private:
  std::string owner_;
  std::int64_t cents_ = 0;
};

} // namespace troupe::test
