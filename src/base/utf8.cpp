#include "base/utf8.hpp"

namespace troupe::detail {

namespace {

bool in_range(unsigned char byte, unsigned char low, unsigned char high) {
  return byte >= low && byte <= high;
}

// What a lead byte demands: the length, and the range of the second byte. The range is what keeps
// overlong forms, surrogates and code points above U+10FFFF out.
struct sequence {
  std::size_t length;
  unsigned char low = 0x80;
  unsigned char high = 0xBF;
};

sequence sequence_of(unsigned char lead) {
  if (lead < 0x80)
    return {1};
  if (in_range(lead, 0xC2, 0xDF))
    return {2};
  if (in_range(lead, 0xE0, 0xEF))
    return {3, static_cast<unsigned char>(lead == 0xE0 ? 0xA0 : 0x80),
      static_cast<unsigned char>(lead == 0xED ? 0x9F : 0xBF)};
  if (in_range(lead, 0xF0, 0xF4))
    return {4, static_cast<unsigned char>(lead == 0xF0 ? 0x90 : 0x80),
      static_cast<unsigned char>(lead == 0xF4 ? 0x8F : 0xBF)};
  return {0};
}

} // namespace

std::size_t utf8_length(std::string_view text) noexcept {
  if (text.empty())
    return 0;
  const auto byte = [text](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const auto expected = sequence_of(byte(0));
  if (text.size() < expected.length)
    return 0;
  for (std::size_t i = 1; i < expected.length; ++i) {
    const bool second = i == 1;
    if (!in_range(byte(i), second ? expected.low : 0x80, second ? expected.high : 0xBF))
      return 0;
  }
  return expected.length;
}

std::string_view utf8_prefix(std::string_view text, std::size_t bytes) noexcept {
  if (text.size() <= bytes)
    return text;
  while (bytes > 0 && in_range(static_cast<unsigned char>(text[bytes]), 0x80, 0xBF))
    --bytes;
  return text.substr(0, bytes);
}

} // namespace troupe::detail
