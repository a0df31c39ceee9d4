#include "csv.hpp"

#include "text/csv_row.hpp"

namespace books {

std::string csv_row(std::initializer_list<std::string_view> fields) {
  return text::csv_row(fields);
}

std::string csv_header() {
  return csv_row({"title", "price", "description"});
}

std::string csv_row(const book& item) {
  const auto& description = item.description;
  return csv_row({item.title, item.price, description ? std::string_view(*description) : ""});
}

} // namespace books
