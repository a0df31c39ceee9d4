#include "child/tasks/describe_exception.hpp"

#include "base/limits.hpp"
#include "child/tasks/throw_recorder.hpp"
#include "values/exception_codec.hpp"

#include <boost/core/demangle.hpp>
#include <boost/system/system_error.hpp>

#include <future>
#include <new>
#include <string>
#include <system_error>
#include <typeinfo>

#include <cxxabi.h>
#include <unistd.h>

namespace troupe::child {

namespace {

std::string shortened(std::string text) {
  if (text.size() > limits::max_error_text_bytes) {
    text.resize(limits::max_error_text_bytes);
    text += " [shortened]";
  }
  return text;
}

// What the codec of an exception throws must not hide the exception.
void encode_content(
  const std::exception& thrown, const detail::exception_kind& kind, exception_report& report) {
  try {
    detail::bytes content;
    kind.encode(thrown, content);
    report.content.assign(content.begin(), content.end());
  } catch (const std::bad_alloc&) {
    throw;
  } catch (const std::exception& problem) {
    report.known_type.clear();
    report.what += shortened(std::string(" [it cannot be encoded: ") + problem.what()) + ']';
  } catch (...) {
    report.known_type.clear();
    report.what += " [it cannot be encoded]";
  }
}

void describe_standard(const std::exception& thrown, exception_report& report) {
  try {
    const char* text = thrown.what();
    report.what = text == nullptr ? "" : shortened(text);
  } catch (...) {
    report.what = "(its what() threw)";
  }
  if (const auto* kind = detail::kind_of(thrown)) {
    report.known_type = kind->name;
    if (kind->encode != nullptr)
      encode_content(thrown, *kind, report);
  }
  // Boost's first: its type derives from std::runtime_error as well.
  if (const auto* boost_error = dynamic_cast<const boost::system::system_error*>(&thrown)) {
    report.code = boost_error->code().value();
    report.category = boost_error->code().category().name();
  } else if (const auto* future_error = dynamic_cast<const std::future_error*>(&thrown)) {
    report.code = future_error->code().value();
    report.category = future_error->code().category().name();
  } else if (const auto* system_error = dynamic_cast<const std::system_error*>(&thrown)) {
    report.code = system_error->code().value();
    report.category = system_error->code().category().name();
  }
}

exception_report describe(const std::exception_ptr& thrown, std::size_t depth);

void describe_nested(const std::exception& thrown, exception_report& report, std::size_t depth) {
  const auto* outer = dynamic_cast<const std::nested_exception*>(&thrown);
  if (outer == nullptr || !outer->nested_ptr() || depth + 1 >= limits::max_nested_exceptions)
    return;
  report.nested =
    std::make_shared<const exception_report>(describe(outer->nested_ptr(), depth + 1));
}

exception_report describe(const std::exception_ptr& thrown, std::size_t depth) {
  exception_report report;
  // libstdc++'s exception_ptr is the address of the exception object.
  static_assert(sizeof thrown == sizeof(const void*));
  report.frames = throw_site_of(*reinterpret_cast<const void* const*>(&thrown));
  try {
    std::rethrow_exception(thrown);
  } catch (const std::exception& e) {
    // What another task threw: it keeps telling of that one.
    if (const auto* proxy = dynamic_cast<const proxy_exception*>(&e))
      return proxy->report();
    report.type = boost::core::demangle(typeid(e).name());
    describe_standard(e, report);
    describe_nested(e, report, depth);
  } catch (const char* text) {
    report.type = "const char*";
    report.what = text == nullptr ? "" : shortened(text);
  } catch (const std::string& text) {
    report.type = "std::string";
    report.what = shortened(text);
  } catch (int value) {
    report.type = "int";
    report.what = std::to_string(value);
  } catch (...) {
    const auto* type = abi::__cxa_current_exception_type();
    report.type = type == nullptr ? "unknown" : boost::core::demangle(type->name());
    report.what = "an exception of type " + report.type;
  }
  return report;
}

} // namespace

exception_report describe_exception(const std::exception_ptr& thrown) {
  return describe(thrown, 0);
}

detail::bytes start_report(const std::exception_ptr& thrown, std::size_t position) {
  auto report = describe_exception(thrown);
  report.pid = ::getpid();
  report.slot = position;
  detail::bytes encoded;
  detail::encode_report(encoded, report);
  return encoded;
}

} // namespace troupe::child
