#pragma once

#include <cstddef>
#include <string>
#include <string_view>

// What stands in requests and answers of HTTP, and whom a server on loopback answers. Pure, but for `random_text`.
namespace troupe_cli {

/// Hexadecimal digits, two for each of as many random bytes of the kernel. Throws `std::runtime_error` if there are none.
std::string random_text(std::size_t bytes);

/// Takes as long whatever the texts have in common, so that nobody finds out a secret by its beginnings.
bool same_secret(std::string_view given, std::string_view secret) noexcept;

/// True if a Host header names this machine's loopback, with or without a port. Another name that leads here belongs to
/// somebody whose page wants to read what a browser may read of this server (DNS rebinding).
bool is_loopback_host(std::string_view host) noexcept;

/// "/events" of "/events?token=12".
std::string_view path_of(std::string_view target) noexcept;
/// "12", for "token", of "/events?token=12"; the first, if it is there several times; empty if it is not.
std::string_view parameter_of(std::string_view target, std::string_view name) noexcept;

/// An event as EventSource reads it, which is of the kind "message".
std::string event_text(std::string_view data);

} // namespace troupe_cli
