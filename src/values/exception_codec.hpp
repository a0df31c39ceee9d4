#pragma once

#include <troupe/detail/bytes.hpp>
#include <troupe/proxy_exception.hpp>

#include <cstddef>
#include <exception>
#include <span>

namespace troupe::detail {

void encode_report(bytes& out, const exception_report& report);

/// Throws `decode_error`.
report_ptr decode_report(std::span<const std::byte> in);

/// All of it but its content, as it is shown to people. Null if it is longer than that; throws `decode_error`.
report_ptr decode_report_text(std::span<const std::byte> in, std::size_t longest);

/// The exception that a report stands for. An undecodable report gives a `decode_error`: an error is
/// always an error.
std::exception_ptr decode_exception(std::span<const std::byte> in) noexcept;

/// The registered kind that `thrown` is nearest to, or null.
const exception_kind* kind_of(const std::exception& thrown);

} // namespace troupe::detail
