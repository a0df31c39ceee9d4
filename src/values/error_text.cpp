#include "values/error_text.hpp"

#include "base/escape.hpp"

#include <troupe/errors.hpp>
#include <troupe/proxy_exception.hpp>

namespace troupe::values {

std::string message_of(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const std::exception& e) {
    return base::escape(e.what());
  } catch (...) {
    return "an exception that is not a std::exception";
  }
}

std::string describe(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const proxy_exception& e) {
    return base::escape(e.type()) + ": " + base::escape(e.what());
  } catch (...) {
    return message_of(error);
  }
}

std::exception_ptr start_failure(const std::string& message, const std::exception_ptr& cause) {
  try {
    std::rethrow_exception(cause);
  } catch (...) {
    try {
      std::throw_with_nested(start_failed(message));
    } catch (...) {
      return std::current_exception();
    }
  }
}

} // namespace troupe::values
