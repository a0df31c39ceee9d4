#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace bookshop {

// The raw material of the catalogue. In a title or sentence `{a}`, `{n}` and `{p}` stand for an
// adjective, a noun and a person.

std::span<const std::string_view> adjectives();
std::span<const std::string_view> nouns();
std::span<const std::string_view> people();
std::span<const std::string_view> title_patterns();
std::span<const std::string_view> sentence_patterns();

} // namespace bookshop
