#pragma once

#include "book.hpp"

#include <initializer_list>
#include <string>
#include <string_view>

namespace books {

/// A record as RFC 4180 writes it, with its line end. Fields are in quotation marks if they need
/// them.
std::string csv_row(std::initializer_list<std::string_view> fields);

/// The header of `books.csv`.
std::string csv_header();

/// A book's row of `books.csv`. A missing description is an empty field.
std::string csv_row(const book& item);

} // namespace books
