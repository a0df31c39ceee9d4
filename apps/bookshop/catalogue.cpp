#include "catalogue.hpp"

#include "phrases.hpp"

#include <random>
#include <span>
#include <string_view>

namespace bookshop {
namespace {

// The engine's numbers are fixed by the C++ standard, those of its distributions are not.
class dice {
public:
  std::size_t below(std::size_t n) { return static_cast<std::size_t>(engine_() % n); }

  std::string_view pick(std::span<const std::string_view> words) {
    return words[below(words.size())];
  }

private:
  std::mt19937_64 engine_{2008};
};

std::string fill(std::string_view pattern, dice& random) {
  std::string text;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const auto rest = pattern.substr(i);
    if (!rest.starts_with("{a}") && !rest.starts_with("{n}") && !rest.starts_with("{p}")) {
      text += pattern[i];
      continue;
    }
    text += random.pick(rest[1] == 'a' ? adjectives() : rest[1] == 'n' ? nouns() : people());
    i += 2;
  }
  return text;
}

std::string make_price(dice& random) {
  const auto pence = 1000 + random.below(5000);
  const auto rest = pence % 100;
  return "£" + std::to_string(pence / 100) + (rest < 10 ? ".0" : ".") + std::to_string(rest);
}

std::string make_description(dice& random) {
  std::string text;
  const auto sentences = 8 + random.below(8);
  for (std::size_t i = 0; i < sentences; ++i)
    text += fill(random.pick(sentence_patterns()), random) + ' ';
  return text + "...more";
}

} // namespace

std::vector<book> make_catalogue() {
  dice random;
  std::vector<book> books;
  books.reserve(book_count);
  const auto patterns = title_patterns();
  for (std::size_t i = 0; i < book_count; ++i) {
    book next{.title = fill(patterns[i % patterns.size()], random),
      .price = make_price(random),
      .description = std::nullopt};
    // Some books of a real shop have none.
    if (random.below(25) != 0)
      next.description = make_description(random);
    books.push_back(std::move(next));
  }
  return books;
}

} // namespace bookshop
