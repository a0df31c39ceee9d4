#include "os/library_frames.hpp"

#include <cstddef>

namespace troupe::os {

std::string_view name_in_signature(std::string_view signature) noexcept {
  constexpr std::string_view unnamed = "(anonymous namespace)";
  std::size_t begin = 0;
  std::size_t depth = 0; // of template arguments, and of what stands in parentheses there
  for (std::size_t i = 0; i < signature.size(); ++i) {
    const char c = signature[i];
    if (depth == 0 && c == '(') {
      if (!signature.substr(i).starts_with(unnamed))
        return signature.substr(begin, i - begin);
      i += unnamed.size() - 1;
    } else if (depth == 0 && c == ' ') {
      begin = i + 1;
    } else if (c == '<' || c == '(') {
      ++depth;
    } else if ((c == '>' || c == ')') && depth > 0) {
      --depth;
    }
  }
  return signature.substr(begin);
}

std::string_view library_of(std::string_view signature) noexcept {
  const auto name = name_in_signature(signature);
  // What resumes a coroutine stands between frames of Asio.
  if (name.starts_with("boost::asio::") || name.starts_with("std::__n4861::coroutine_handle<"))
    return "Asio";
  if (name.starts_with("caf::"))
    return "CAF";
  return {};
}

} // namespace troupe::os
