#include "lines/describe_failure.hpp"

#include "text/terminal_text.hpp"

namespace troupe_cli {

std::string describe_failure(const std::exception_ptr& failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const std::exception& e) {
    auto text = text::printable(e.what());
    try {
      std::rethrow_if_nested(e);
    } catch (...) {
      if (const auto cause = describe_failure(std::current_exception()); !text.ends_with(cause))
        text += ": " + cause;
    }
    return text;
  } catch (...) {
    return "an exception of an unknown type";
  }
}

} // namespace troupe_cli
