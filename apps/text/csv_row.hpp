#pragma once

#include <string>
#include <string_view>

namespace text {

/// Appends a field, in quotation marks if it needs them.
void append_csv_field(std::string& row, std::string_view field);

/// A record as RFC 4180 writes it, with its line end.
template <class Fields>
std::string csv_row(const Fields& fields) {
  std::string row;
  bool first = true;
  for (const auto& field : fields) {
    row += first ? "" : ",";
    first = false;
    append_csv_field(row, field);
  }
  return row + "\r\n";
}

} // namespace text
