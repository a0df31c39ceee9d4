#include "values/exception_codec.hpp"

#include "base/limits.hpp"
#include "values/error_category.hpp"
#include "values/error_text.hpp"

#include <troupe/codec.hpp>

#include <any>
#include <deque>
#include <filesystem>
#include <functional>
#include <future>
#include <mutex>
#include <new>
#include <optional>
#include <regex>
#include <stdexcept>
#include <system_error>
#include <typeinfo>
#include <utility>
#include <variant>
#include <vector>

#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>

namespace troupe {

proxy_exception::~proxy_exception() = default;

std::optional<proxy_exception> proxy_exception::nested() const {
  if (!report_->nested)
    return std::nullopt;
  return proxy_exception(report_->nested);
}

namespace detail {

namespace {

// Boost's own categories, so that `e.code() == asio::error::eof` holds for a proxy as well.
const boost::system::error_category* boost_category_named(const std::string& name) {
  for (const boost::system::error_category* category : {&boost::system::system_category(),
         &boost::system::generic_category(), &boost::asio::error::get_netdb_category(),
         &boost::asio::error::get_addrinfo_category(), &boost::asio::error::get_misc_category()})
    if (name == category->name())
      return category;
  return nullptr;
}

} // namespace

template <>
boost::system::system_error make_original(const exception_report& report) {
  if (const auto* category = boost_category_named(report.category))
    return boost::system::system_error({report.code, *category}, report.what);
  return boost::system::system_error(code_of(report), report.what);
}

template <>
std::future_error make_original(const exception_report& report) {
  return std::future_error(static_cast<std::future_errc>(report.code));
}

namespace {

template <class E>
exception_kind kind_for() {
  return {typeid(E).name(),
    [](const std::exception& thrown) { return dynamic_cast<const E*>(&thrown) != nullptr; },
    &make_proxy_of<E>};
}

// Derived types stand before their bases; user types are put in front of them all.
std::deque<exception_kind>& kinds() {
  static std::deque<exception_kind> all{kind_for<std::out_of_range>(),
    kind_for<std::invalid_argument>(), kind_for<std::domain_error>(), kind_for<std::length_error>(),
    kind_for<std::future_error>(), kind_for<std::logic_error>(), kind_for<std::range_error>(),
    kind_for<std::overflow_error>(), kind_for<std::underflow_error>(),
    kind_for<std::filesystem::filesystem_error>(), kind_for<std::ios_base::failure>(),
    kind_for<boost::system::system_error>(), kind_for<std::system_error>(),
    kind_for<std::runtime_error>(), kind_for<std::bad_array_new_length>(),
    kind_for<std::bad_alloc>(), kind_for<std::bad_any_cast>(), kind_for<std::bad_cast>(),
    kind_for<std::bad_typeid>(), kind_for<std::bad_optional_access>(),
    kind_for<std::bad_variant_access>(), kind_for<std::bad_function_call>(),
    kind_for<std::bad_weak_ptr>(), kind_for<std::bad_exception>()};
  return all;
}

std::mutex& kinds_mutex() {
  static std::mutex mutex;
  return mutex;
}

// What comes behind its content.
exception_report read_text(decoder& in, std::size_t depth);

exception_report read_report(decoder& in, std::size_t depth) {
  auto content = in.make<std::vector<std::byte>>();
  auto report = read_text(in, depth);
  report.content = std::move(content);
  return report;
}

exception_report read_text(decoder& in, std::size_t depth) {
  if (depth > limits::max_nested_exceptions)
    throw_decode_error("exceptions are nested too deeply");
  exception_report report;
  in(report.type);
  in(report.what);
  in(report.known_type);
  in(report.category);
  in(report.code);
  in(report.frames);
  in(report.pid);
  in(report.slot);
  in(report.task);
  in(report.attempt);
  if (in.make<bool>())
    report.nested = std::make_shared<const exception_report>(read_report(in, depth + 1));
  return report;
}

// The content first, so that it can be passed over.
void write_report(encoder& out, const exception_report& report) {
  out(report.content);
  out(report.type);
  out(report.what);
  out(report.known_type);
  out(report.category);
  out(report.code);
  out(report.frames);
  out(report.pid);
  out(report.slot);
  out(report.task);
  out(report.attempt);
  out(report.nested != nullptr);
  if (report.nested)
    write_report(out, *report.nested);
}

} // namespace

void register_exception_kind(const exception_kind& kind) {
  const std::lock_guard lock(kinds_mutex());
  kinds().push_front(kind);
}

const exception_kind* kind_of(const std::exception& thrown) {
  const std::lock_guard lock(kinds_mutex());
  for (const auto& kind : kinds())
    if (kind.matches(thrown))
      return &kind;
  return nullptr;
}

std::error_code code_of(const exception_report& report) {
  return {report.code, category_named(report.category)};
}

std::exception_ptr make_proxy(const report_ptr& report) {
  exception_kind found{nullptr, nullptr, &make_proxy_of<remote_error>};
  {
    const std::lock_guard lock(kinds_mutex());
    for (const auto& kind : kinds())
      if (report->known_type == kind.name) {
        found = kind;
        break;
      }
  }
  try {
    return found.make(report);
  } catch (const std::bad_alloc&) {
    throw;
  } catch (...) { // a codec of the program's: it must not hide what was thrown
    auto told = *report;
    told.what += " [it cannot be decoded: " + values::message_of(std::current_exception()) + "]";
    return make_proxy_of<remote_error>(std::make_shared<const exception_report>(std::move(told)));
  }
}

void encode_report(bytes& out, const exception_report& report) {
  encoder encode(out);
  write_report(encode, report);
}

report_ptr decode_report(std::span<const std::byte> in) {
  decoder decode(in);
  auto report = std::make_shared<const exception_report>(read_report(decode, 0));
  decode.finish();
  return report;
}

report_ptr decode_report_text(std::span<const std::byte> in, std::size_t longest) {
  decoder head(in);
  const auto content = head.count(1);
  in = in.last(head.bytes_left() - content);
  if (in.size() > longest)
    return nullptr;
  decoder decode(in);
  auto report = std::make_shared<const exception_report>(read_text(decode, 0));
  decode.finish();
  return report;
}

std::exception_ptr decode_exception(std::span<const std::byte> in) noexcept {
  try {
    return make_proxy(decode_report(in));
  } catch (...) {
    return std::current_exception();
  }
}

} // namespace detail
} // namespace troupe
