#include "base/utf8.hpp"

#include <troupe/detail/json_value.hpp>

#include <array>
#include <charconv>
#include <cmath>

namespace troupe::detail {

namespace {

template <class Number>
void append_number(std::string& out, Number value) {
  std::array<char, 64> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  out.append(digits.data(), end);
}

template <class Real>
void append_real(std::string& out, Real value, const json_place& at) {
  if (!std::isfinite(value))
    refuse_json(at, "this is not a number that JSON can say: it is infinite, or none at all");
  append_number(out, value);
}

void append_escaped(std::string& out, char c) {
  constexpr std::string_view digits = "0123456789abcdef";
  switch (c) {
  case '"':
    out += "\\\"";
    return;
  case '\\':
    out += "\\\\";
    return;
  case '\n':
    out += "\\n";
    return;
  case '\r':
    out += "\\r";
    return;
  case '\t':
    out += "\\t";
    return;
  default:
    out += "\\u00";
    out += digits[static_cast<unsigned char>(c) >> 4];
    out += digits[static_cast<unsigned char>(c) & 15];
  }
}

bool is_plain(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte >= 0x20 && byte < 0x7F && c != '"' && c != '\\';
}

} // namespace

void json_writer::integer(std::int64_t value) {
  append_number(out_, value);
}

void json_writer::unsigned_integer(std::uint64_t value) {
  append_number(out_, value);
}

void json_writer::number(double value, const json_place& at) {
  append_real(out_, value, at);
}

void json_writer::number(float value, const json_place& at) {
  append_real(out_, value, at);
}

void json_writer::text(std::string_view value, const json_place& at) {
  out_ += '"';
  while (!value.empty()) {
    std::size_t plain = 0;
    while (plain < value.size() && is_plain(value[plain]))
      ++plain;
    out_ += value.substr(0, plain);
    value.remove_prefix(plain);
    if (value.empty())
      break;
    const auto length = utf8_length(value);
    if (length == 0)
      refuse_json(at, "this text is not UTF-8, and JSON is");
    if (length == 1)
      append_escaped(out_, value[0]);
    else
      out_ += value.substr(0, length);
    value.remove_prefix(length);
  }
  out_ += '"';
}

} // namespace troupe::detail
