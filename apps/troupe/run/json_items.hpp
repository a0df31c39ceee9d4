#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace troupe_cli {

/// What a JSON text says, without the header of a library for it. All throw `std::runtime_error` for what is not JSON.

/// The elements of an array; of any other value, that as the only one.
std::vector<std::string> elements_of_json(std::string_view json);

/// The fields of an object with their values as `text_of_json` has them, in its order. Throws for other values.
std::vector<std::pair<std::string, std::string>> fields_of_json(std::string_view json);

/// A string as the text that it is, null as nothing, and any other value as JSON on one line.
std::string text_of_json(std::string_view json);

/// A text as a JSON string; bytes that are not UTF-8 become U+FFFD.
std::string json_of_text(std::string_view text);

/// An object of these fields, which are texts.
std::string json_of_fields(
  const std::vector<std::string>& names, const std::vector<std::string>& values);

/// Puts `text` in the place of each "{}". Whether there was one.
bool replace_braces(std::string& word, std::string_view text);

} // namespace troupe_cli
