// Types that troupe does not know, each with a troupe::codec or an opt-in, as a user would write them.
#include "support/catch.hpp"
#include "unit/codec_types.hpp"

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace {

// -- other people's types -------------------------------------------------------------------------------------

// A JSON value: a container of itself, that can write itself as text and read that.
class json {
public:
  using value_type = json;

  json() = default;
  explicit json(int number)
    : number_(number) {}

  static json parse(const std::string& text) {
    std::size_t at = 0;
    return parse(text, at);
  }
  std::string dump() const {
    if (elements_.empty())
      return std::to_string(number_);
    std::string text = "[";
    for (const auto& element : elements_)
      text += element.dump() + ",";
    return text + "]";
  }

  void push_back(json element) { elements_.push_back(std::move(element)); }
  auto begin() const { return elements_.begin(); }
  auto end() const { return elements_.end(); }
  std::size_t size() const { return elements_.size(); }
  void clear() { elements_.clear(); }
  friend bool operator==(const json&, const json&) = default;

private:
  static json parse(const std::string& text, std::size_t& at) {
    json result;
    if (text.at(at) != '[') {
      std::size_t used = 0;
      result.number_ = std::stoi(text.substr(at), &used);
      at += used;
      return result;
    }
    for (++at; text.at(at) != ']'; ++at)
      result.elements_.push_back(parse(text, at));
    ++at;
    return result;
  }

  int number_ = 0;
  std::vector<json> elements_;
};

// As a protocol buffer's class.
class message {
public:
  void set_id(int id) { id_ = id; }
  int id() const { return id_; }
  bool SerializeToString(std::string* text) const {
    *text = std::to_string(id_);
    return id_ >= 0;
  }
  bool ParseFromString(const std::string& text) {
    id_ = text.empty() ? 0 : std::stoi(text);
    return !text.empty();
  }

private:
  int id_ = 0;
};

// Without a default constructor.
template <class T>
class matrix {
public:
  matrix(std::size_t rows, std::size_t columns)
    : rows_(rows)
    , columns_(columns)
    , elements_(rows * columns) {}
  std::size_t rows() const { return rows_; }
  std::size_t columns() const { return columns_; }
  T* data() { return elements_.data(); }
  const T* data() const { return elements_.data(); }
  friend bool operator==(const matrix&, const matrix&) = default;

private:
  std::size_t rows_, columns_;
  std::vector<T> elements_;
};

class figure {
public:
  virtual ~figure() = default;
  virtual double area() const = 0;
};

class square_figure final : public figure {
public:
  explicit square_figure(double of)
    : side(of) {}
  double area() const override { return side * side; }
  double side;
};

class circle final : public figure {
public:
  explicit circle(double of)
    : radius(of) {}
  double area() const override { return 3 * radius * radius; }
  double radius;
};

template <class T>
class small_vector : public std::vector<T> {
public:
  using std::vector<T>::vector;
};

// Has no more than enable_container asks for.
class fixed_vector {
public:
  using value_type = int;
  const int* begin() const { return elements_; }
  const int* end() const { return elements_ + size_; }
  int* begin() { return elements_; }
  int* end() { return elements_ + size_; }
  std::size_t size() const { return size_; }
  void clear() { size_ = 0; }
  void push_back(int element) { elements_[size_++] = element; }

private:
  int elements_[8] = {};
  std::size_t size_ = 0;
};

struct silent {
  int value = 0;
};

} // namespace

// -- what is written for them ---------------------------------------------------------------------------------

template <>
struct troupe::codec<json> {
  static void encode(encoder& out, const json& value) { out(value.dump()); }
  static json decode(decoder& in) { return json::parse(in.make<std::string>()); }
};

template <>
struct troupe::codec<message> {
  static void encode(encoder& out, const message& value) {
    std::string text;
    if (!value.SerializeToString(&text))
      throw encode_error("a message is not complete");
    out(text);
  }
  static message decode(decoder& in) {
    message result;
    if (!result.ParseFromString(in.make<std::string>()))
      throw decode_error("not a message");
    return result;
  }
};

template <class T>
struct troupe::codec<matrix<T>> {
  static void encode(encoder& out, const matrix<T>& value) {
    out(value.rows());
    out(value.columns());
    out.raw(value.data(), value.rows() * value.columns() * sizeof(T));
  }
  static matrix<T> decode(decoder& in) {
    const auto rows = in.make<std::size_t>();
    const auto columns = in.make<std::size_t>();
    if (columns != 0 && rows > in.bytes_left() / sizeof(T) / columns)
      throw decode_error("a matrix is larger than its bytes");
    matrix<T> result(rows, columns);
    in.raw(result.data(), rows * columns * sizeof(T));
    return result;
  }
};

template <>
struct troupe::codec<std::unique_ptr<figure>> {
  static void encode(encoder& out, const std::unique_ptr<figure>& value) {
    if (const auto* as_square = dynamic_cast<const square_figure*>(value.get()))
      out(std::pair('s', as_square->side));
    else if (const auto* as_circle = dynamic_cast<const circle*>(value.get()))
      out(std::pair('c', as_circle->radius));
    else
      throw encode_error("a figure of an unknown class");
  }
  static std::unique_ptr<figure> decode(decoder& in) {
    const auto [kind, size] = in.make<std::pair<char, double>>();
    if (kind == 's')
      return std::make_unique<square_figure>(size);
    return std::make_unique<circle>(size);
  }
};

template <>
struct troupe::codec<silent> {
  static void encode(encoder&, const silent&) {}
  static silent decode(decoder&) { return {}; }
};

template <class T>
inline constexpr bool troupe::enable_container<small_vector<T>> = true;

template <>
inline constexpr bool troupe::enable_container<fixed_vector> = true;

using namespace troupe;
using namespace troupe::test;

TEST_CASE("a class that looks like a container of itself comes back by its codec") {
  json value;
  value.push_back(json(1));
  value.push_back(json(2));
  json outer;
  outer.push_back(value);
  outer.push_back(json(3));
  CHECK(round_trip(outer) == outer);
  CHECK(round_trip(std::vector{value, outer}) == std::vector{value, outer});
  CHECK(round_trip(std::map<std::string, json>{{"a", outer}}).at("a") == outer);
  CHECK(round_trip(std::optional(outer)) == outer);
}

TEST_CASE("what a codec throws is thrown to who encodes and decodes") {
  message good;
  good.set_id(7);
  CHECK(round_trip(good).id() == 7);
  message bad;
  bad.set_id(-1);
  CHECK_THROWS_WITH(encoded(bad), "a message is not complete");
  CHECK_THROWS_WITH(decoded<message>(detail::view(encoded(std::string()))), "not a message");
}

TEST_CASE("a type without a default constructor comes back by its codec, alone and in others") {
  matrix<double> value(2, 3);
  for (int i = 0; i < 6; ++i)
    value.data()[i] = i;
  CHECK(round_trip(value) == value);
  CHECK(round_trip(std::pair(1, value)).second == value);
  CHECK(round_trip(std::vector(3, value)).size() == 3);
  CHECK_THROWS_AS(
    decoded<matrix<double>>(detail::view(encoded(std::pair(std::size_t{1} << 40, std::size_t{9})))),
    decode_error);
}

TEST_CASE("a class hierarchy comes back as what it was by a codec of its pointer") {
  std::vector<std::unique_ptr<figure>> shapes;
  shapes.push_back(std::make_unique<circle>(2));
  shapes.push_back(std::make_unique<square_figure>(2));
  const auto back = round_trip(shapes);
  CHECK(back.at(0)->area() == 12);
  CHECK(back.at(1)->area() == 4);
}

TEST_CASE("a container of another library comes back when it is enabled") {
  const small_vector<std::string> value{"a", "", "ccc"};
  CHECK(round_trip(value) == value);
  fixed_vector numbers;
  for (int i = 0; i < 8; ++i)
    numbers.push_back(i * i);
  CHECK(std::ranges::equal(round_trip(numbers), numbers));
}

TEST_CASE("a codec that writes nothing is an error when something is encoded") {
  CHECK_THROWS_WITH(encoded(silent{}), "a troupe::codec has written nothing");
}
