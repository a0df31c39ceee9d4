#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace bookshop {

struct book {
  std::string title;
  std::string price; // as it is shown: "£51.77"
  std::optional<std::string> description;
};

inline constexpr std::size_t page_count = 50;
inline constexpr std::size_t books_per_page = 20;
inline constexpr std::size_t book_count = page_count * books_per_page;

/// The books that the shop sells, in the order of its list pages: the same ones every time, on
/// every machine. All text is UTF-8 in one line, without blanks at its ends, and otherwise as
/// hostile to HTML and CSV as real titles are.
std::vector<book> make_catalogue();

} // namespace bookshop
