#pragma once

#include <string_view>

namespace troupe::os {

/// The name of a function without what it returns and takes: of "void a::b<int>(char)" it is "a::b<int>".
std::string_view name_in_signature(std::string_view signature) noexcept;

/// Of which library a function is that nobody reads a trace for: "Asio" or "CAF"; empty: of none.
std::string_view library_of(std::string_view signature) noexcept;

} // namespace troupe::os
