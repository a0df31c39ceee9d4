#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>

namespace config_test {

/// Makes a few random changes to a text. The same ones for the same seed.
class mutator {
public:
  explicit mutator(std::uint32_t first)
    : random_(first) {}

  std::string operator()(std::string text) {
    for (auto changes = below(4) + 1; changes > 0; --changes)
      change(text);
    return text;
  }

private:
  std::size_t below(std::size_t n) { return n == 0 ? 0 : random_() % n; }

  char byte() {
    // What has a meaning in TOML, and now and then anything.
    constexpr std::string_view syntax = "[]{}=.,\"'#\\\n\r\t -+_:0123456789eExonitrufalsmhZT";
    return below(4) == 0 ? static_cast<char>(below(256)) : syntax[below(syntax.size())];
  }

  void change(std::string& text) {
    const auto at = below(text.size());
    switch (below(5)) {
    case 0:
      if (!text.empty())
        text[at] = byte();
      break;
    case 1:
      text.insert(at, 1, byte());
      break;
    case 2:
      text.erase(at, below(8));
      break;
    case 3:
      text.insert(below(text.size()), text.substr(at, below(60)));
      break;
    case 4:
      if (below(8) == 0)
        text.resize(at);
      break;
    }
  }

  std::mt19937 random_;
};

} // namespace config_test
