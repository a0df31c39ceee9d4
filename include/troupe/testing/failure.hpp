#pragma once

#include <troupe/codec.hpp>
#include <troupe/detail/compiler.hpp>
#include <troupe/report.hpp>

#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <sys/types.h>

#pragma GCC visibility push(default)

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

/// Bytes that would tell a terminal something become their hexadecimal numbers; lines stay lines.
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

/// Tells the parent of a failure, before the outcome of the task that had it. In a child. In a process that cannot
/// tell it, such as a zygote in a preload call, it says it on stderr. Of a text over 64 KiB the end is cut off.
/// Thread-safe.
inline void send_failure(failure failed) noexcept try {
  constexpr std::size_t most = 64 * 1024;
  if (failed.text.size() > most)
    failed.text.replace(most, std::string::npos, " ...");
  troupe::detail::bytes encoded;
  encoder out(encoded);
  out(failed);
  this_child::report(
    detail::topic, {reinterpret_cast<const char*>(encoded.data()), encoded.size()});
} catch (const std::exception&) {
  std::fprintf(stderr, "%s:%u: %s\n", failed.file.c_str(), static_cast<unsigned>(failed.line),
    failed.text.c_str());
}

/// Gives signals that a test framework handles in its own process their default action: in a child, troupe says what
/// becomes of them.
inline void reset_signals() noexcept {
  for (const int number : {SIGINT, SIGTERM, SIGABRT, SIGSEGV, SIGILL, SIGFPE, SIGBUS})
    std::signal(number, SIG_DFL);
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

#pragma GCC visibility pop
