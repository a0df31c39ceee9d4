#pragma once

#include <optional>
#include <string>

namespace books {

/// What a detail page says. A plain aggregate, so that it crosses from child to parent without any
/// code.
struct book {
  std::string title;
  std::string price;
  std::optional<std::string> description;

  friend bool operator==(const book&, const book&) = default;
};

} // namespace books
