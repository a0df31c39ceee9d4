#include "text/csv_row.hpp"

namespace text {

void append_csv_field(std::string& row, std::string_view field) {
  if (field.find_first_of(",\"\r\n") == std::string_view::npos) {
    row += field;
    return;
  }
  row += '"';
  for (const char c : field)
    row.append(c == '"' ? 2 : 1, c);
  row += '"';
}

} // namespace text
