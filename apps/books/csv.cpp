#include "csv.hpp"

namespace books {
namespace {

void append_field(std::string& row, std::string_view field) {
  if (field.find_first_of(",\"\r\n") == std::string_view::npos) {
    row += field;
    return;
  }
  row += '"';
  for (const char c : field) {
    if (c == '"')
      row += '"';
    row += c;
  }
  row += '"';
}

} // namespace

std::string csv_row(std::initializer_list<std::string_view> fields) {
  std::string row;
  for (const auto field : fields) {
    append_field(row, field);
    row += ',';
  }
  if (!row.empty())
    row.pop_back();
  return row + "\r\n";
}

std::string csv_header() {
  return csv_row({"title", "price", "description"});
}

std::string csv_row(const book& item) {
  const auto& description = item.description;
  return csv_row({item.title, item.price, description ? std::string_view(*description) : ""});
}

} // namespace books
