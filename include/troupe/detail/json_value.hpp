#pragma once

#include <troupe/detail/compiler.hpp>
#include <troupe/errors.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#pragma GCC visibility push(default)

// JSON as the conversions in detail/from_json.hpp and detail/to_json.hpp see it: without the header of a library
// for JSON, which would cost every module many seconds of its compiler's time.
namespace troupe {

/// A value is not what a task of a module takes, or a result cannot be said in JSON. The message begins with the
/// place: "argument 2, .pages[3].title: a string is expected, this is a number".
class json_error : public error {
public:
  using error::error;
};

namespace detail {

/// A view of a parsed value, which must outlive it. Its functions must only be called for a value of their kind.
class json_value {
public:
  enum class kind : std::uint8_t { null, boolean, integer, number, string, array, object };

  /// No value.
  json_value() = default;
  explicit json_value(const void* node) noexcept
    : node_(node) {}

  explicit operator bool() const noexcept { return node_ != nullptr; }
  kind what() const noexcept;
  bool boolean() const noexcept;
  /// Whether an integer is below zero; then it is `integer()`, and `unsigned_integer()` else.
  bool is_negative() const noexcept;
  std::int64_t integer() const noexcept;
  std::uint64_t unsigned_integer() const noexcept;
  /// Of an integer or a number.
  double number() const noexcept;
  std::string_view string() const noexcept;
  /// The number of elements of an array or an object.
  std::size_t size() const noexcept;
  /// The element at a place of an array or an object, below `size()`.
  json_value at(std::size_t index) const;
  std::string_view key_at(std::size_t index) const;
  /// The element of an object that has this key, or no value. O(size).
  json_value find(std::string_view key) const;

private:
  const void* node_ = nullptr;
};

/// A parsed text.
class json_document {
public:
  /// Throws `json_error`, which begins with `what`, if `text` is not JSON.
  json_document(std::string_view text, std::string_view what);
  json_document(const json_document&) = delete;
  json_document& operator=(const json_document&) = delete;
  ~json_document();

  json_value root() const noexcept { return json_value(node_); }

private:
  void* node_; // owned
};

/// Where a value stands within another one, for messages.
struct json_place {
  static constexpr std::size_t no_index = static_cast<std::size_t>(-1);

  const json_place* outer = nullptr; ///< null: `key` is what the whole is called, "argument 2"
  std::string_view key{};
  std::size_t index = no_index; ///< of an element of an array
  std::size_t depth = outer == nullptr ? 0 : outer->depth + 1;

  json_place field(std::string_view name) const { return {this, name}; }
  json_place element(std::size_t i) const { return {this, {}, i}; }
  /// "argument 2, .pages[3].title"
  std::string text() const;
};

[[noreturn]] void refuse_json(const json_place& at, std::string_view problem);
/// "a string is expected, this is a number"
[[noreturn]] void refuse_json_kind(
  const json_place& at, std::string_view expected, const json_value& found);
/// For a name that is not one of `fields`.
[[noreturn]] void refuse_json_field(
  const json_place& at, std::string_view name, const std::string_view* fields, std::size_t count);
/// Values may have no end.
void check_json_depth(const json_place& at);

// An integer from `least` to `most`; a number; texts that stand for times.
std::int64_t json_integer(
  const json_value& value, const json_place& at, std::int64_t least, std::int64_t most);
std::uint64_t json_unsigned(const json_value& value, const json_place& at, std::uint64_t most);
double json_number(const json_value& value, const json_place& at);
std::string_view json_text(const json_value& value, const json_place& at);
/// A duration such as "250ms", in units of `numerator / denominator` seconds; it must be a whole number of these.
std::int64_t json_duration(
  const json_value& value, const json_place& at, std::int64_t numerator, std::int64_t denominator);
/// The same as a fraction.
double json_real_duration(
  const json_value& value, const json_place& at, std::int64_t numerator, std::int64_t denominator);
/// "2026-05-01T12:30:00.25Z", in nanoseconds since 1970.
std::int64_t json_time(const json_value& value, const json_place& at);

struct json_date {
  int year = 0;
  unsigned month = 0;
  unsigned day = 0;
};
/// "2026-05-01"
json_date json_date_of(const json_value& value, const json_place& at);

/// Appends values to a text.
class json_writer {
public:
  explicit json_writer(std::string& out) noexcept
    : out_(out) {}

  void raw(char c) { out_ += c; }
  void raw(std::string_view text) { out_ += text; }
  void integer(std::int64_t value);
  void unsigned_integer(std::uint64_t value);
  /// Throws for what JSON has no number for.
  void number(double value, const json_place& at);
  void number(float value, const json_place& at);
  /// Throws for text that is not UTF-8.
  void text(std::string_view value, const json_place& at);
  void duration(std::int64_t count, std::int64_t numerator, std::int64_t denominator);
  void duration(
    double count, std::int64_t numerator, std::int64_t denominator, const json_place& at);
  void time(std::int64_t nanoseconds);
  void date(const json_date& date);

private:
  std::string& out_;
};

} // namespace detail
} // namespace troupe

#pragma GCC visibility pop
