#include "values/failure_codec.hpp"

#include "base/limits.hpp"
#include "values/exception_codec.hpp"
#include "values/late_stack.hpp"

#include <troupe/codec.hpp>
#include <troupe/errors.hpp>
#include <troupe/proxy_exception.hpp>

#include <boost/core/demangle.hpp>

#include <optional>
#include <string>
#include <tuple>
#include <typeinfo>
#include <utility>

namespace troupe::detail {

namespace {

// The errors that are made of their message. Derived types stand before their bases.
using plain_errors = std::tuple<start_failed, pool_failed, pool_closed, task_expired, queue_full,
  process_timeout, queue_closed, encode_error, decode_error, config_error, not_in_main, error>;

constexpr std::uint8_t is_task_timeout = 0xfc;
constexpr std::uint8_t is_task_cancelled = 0xfd;
constexpr std::uint8_t is_child_lost = 0xfe;
constexpr std::uint8_t is_report = 0xff;

template <std::size_t... I>
std::optional<std::uint8_t> index_of(const std::exception& e, std::index_sequence<I...>) {
  std::optional<std::uint8_t> found;
  ((!found && dynamic_cast<const std::tuple_element_t<I, plain_errors>*>(&e) != nullptr &&
     (found = static_cast<std::uint8_t>(I))),
    ...);
  return found;
}

constexpr auto indices = std::make_index_sequence<std::tuple_size_v<plain_errors>>{};

void write_failure(encoder& out, const std::exception_ptr& failure, std::size_t depth);

void write_nested(encoder& out, const std::exception& e, std::size_t depth) {
  const auto* outer = dynamic_cast<const std::nested_exception*>(&e);
  const bool nested =
    outer != nullptr && outer->nested_ptr() && depth + 1 < limits::max_nested_exceptions;
  out(nested);
  if (nested)
    write_failure(out, outer->nested_ptr(), depth + 1);
}

void write_as_report(encoder& out, const exception_report& report) {
  out(is_report);
  bytes encoded;
  encode_report(encoded, report);
  out(std::vector<std::byte>(encoded.begin(), encoded.end()));
}

exception_report report_of(const std::exception& e) {
  if (const auto* proxy = dynamic_cast<const proxy_exception*>(&e))
    return proxy->report();
  exception_report report;
  report.type = boost::core::demangle(typeid(e).name());
  report.what = e.what();
  if (const auto* kind = kind_of(e))
    report.known_type = kind->name;
  return report;
}

void write_failure(encoder& out, const std::exception_ptr& failure, std::size_t depth) {
  try {
    std::rethrow_exception(failure);
  } catch (const child_lost& e) {
    out(is_child_lost);
    out(std::string(e.what()));
    out(e.task());
    out(e.exit());
    out(e.culprit());
    out(e.suspects());
    write_nested(out, e, depth);
  } catch (const task_stopped& e) {
    const bool timeout = dynamic_cast<const task_timeout*>(&e) != nullptr;
    out(timeout ? is_task_timeout : is_task_cancelled);
    out(std::string(e.what()));
    out(e.stack());
    write_nested(out, e, depth);
  } catch (const std::exception& e) {
    const auto index = index_of(e, indices);
    if (!index) {
      write_as_report(out, report_of(e));
      return;
    }
    out(*index);
    out(std::string(e.what()));
    write_nested(out, e, depth);
  } catch (...) {
    exception_report report;
    report.type = "unknown";
    report.what = "an exception that is not a std::exception";
    write_as_report(out, report);
  }
}

std::exception_ptr read_failure(decoder& in, std::size_t depth);

// `e`, thrown for what is nested in it.
template <class Error>
std::exception_ptr with_nested(Error e, decoder& in, std::size_t depth) {
  if (!in.make<bool>())
    return std::make_exception_ptr(std::move(e));
  const auto nested = read_failure(in, depth + 1);
  try {
    std::rethrow_exception(nested);
  } catch (...) {
    try {
      std::throw_with_nested(std::move(e));
    } catch (...) {
      return std::current_exception();
    }
  }
}

template <std::size_t... I>
std::exception_ptr read_plain(
  decoder& in, std::uint8_t index, std::size_t depth, std::index_sequence<I...>) {
  const auto text = in.make<std::string>();
  std::exception_ptr made;
  const auto make = [&]<std::size_t Index>(std::integral_constant<std::size_t, Index>) {
    if (index == Index)
      made = with_nested(std::tuple_element_t<Index, plain_errors>(text), in, depth);
  };
  (make(std::integral_constant<std::size_t, I>()), ...);
  return made;
}

template <class Stopped>
std::exception_ptr read_stopped(decoder& in, std::size_t depth) {
  const auto text = in.make<std::string>();
  auto stack = in.make<std::vector<code_location>>();
  return with_nested(
    Stopped(text, stack.empty() ? nullptr : std::make_shared<const late_stack>(std::move(stack))),
    in, depth);
}

std::exception_ptr read_failure(decoder& in, std::size_t depth) {
  if (depth > limits::max_nested_exceptions)
    throw_decode_error("failures are nested too deeply");
  const auto index = in.make<std::uint8_t>();
  if (index == is_report) {
    const auto encoded = in.make<std::vector<std::byte>>();
    return decode_exception(encoded);
  }
  if (index == is_child_lost) {
    const auto message = in.make<std::string>();
    const auto task = in.make<task_id>();
    auto exit = in.make<child_exit>();
    const bool culprit = in.make<bool>();
    auto suspects = in.make<std::vector<task_id>>();
    return with_nested(
      child_lost(message, task, std::move(exit), culprit, std::move(suspects)), in, depth);
  }
  if (index == is_task_timeout)
    return read_stopped<task_timeout>(in, depth);
  if (index == is_task_cancelled)
    return read_stopped<task_cancelled>(in, depth);
  if (index >= std::tuple_size_v<plain_errors>)
    throw_decode_error("unknown kind of failure");
  return read_plain(in, index, depth, indices);
}

} // namespace

bytes encode_failure(const std::exception_ptr& failure) {
  bytes result;
  encoder out(result);
  write_failure(out, failure, 0);
  return result;
}

std::exception_ptr decode_failure(std::span<const std::byte> in) noexcept {
  try {
    decoder decode(in);
    auto failure = read_failure(decode, 0);
    decode.finish();
    return failure;
  } catch (...) {
    return std::current_exception();
  }
}

} // namespace troupe::detail
