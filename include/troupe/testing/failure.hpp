#pragma once

#include <troupe/codec.hpp>
#include <troupe/detail/compiler.hpp>
#include <troupe/report.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include <sys/types.h>

/// \file
/// What catch2.hpp, doctest.hpp and gtest.hpp have in common: how an assertion that failed in a child comes to the
/// parent. For the helpers of another test framework: install something in the child that calls `send_failure`, and
/// `on_failure` in the parent.
namespace troupe::testing {

/// An assertion that has failed in a child.
struct failure {
  std::string file;
  std::uint32_t line = 0;
  std::string text; ///< what the framework says of it
};

namespace detail {

inline constexpr const char* topic = "troupe.testing";

/// Bytes that would tell a terminal something become \xNN; lines stay lines.
inline std::string printable(std::string_view text) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string result;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte >= 0x20 && byte != 0x7f) || c == '\n' || c == '\t')
      result += c;
    else
      result.append({'\\', 'x', digits[byte >> 4], digits[byte & 15]});
  }
  return result;
}

} // namespace detail

/// Tells the parent of a failure, before the outcome of the task that had it. In a child. Thread-safe.
inline void send_failure(const failure& failed) {
  troupe::detail::bytes encoded;
  encoder out(encoded);
  out(failed);
  this_child::report(
    detail::topic, {reinterpret_cast<const char*>(encoded.data()), encoded.size()});
}

/// Has `handler(failure)` called for each failure in a child, on the event loop's thread. The text says which child it
/// was, and has been made printable. In the parent.
template <class Handler>
void on_failure(Handler handler) {
  on_report(detail::topic, [handler = std::move(handler)](const report& said) {
    decoder in(std::as_bytes(std::span(said.text)));
    auto failed = in.make<failure>();
    in.finish();
    failed.file = detail::printable(failed.file);
    failed.text = "in child " + std::to_string(said.pid) + ": " + detail::printable(failed.text);
    handler(failed);
  });
}

} // namespace troupe::testing
