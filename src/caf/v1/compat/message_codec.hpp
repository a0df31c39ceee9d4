#pragma once

#include "caf/letter.hpp"
#include "compat/bounded_deserializer.hpp"
#include "compat/executor.hpp"

#include <troupe/detail/bytes.hpp>

#include <caf/binary_serializer.hpp>
#include <caf/proxy_registry.hpp>

#include <cstddef>
#include <cstdint>
#include <exception>
#include <span>
#include <string>

namespace troupe::compat {

/// Encodes what passes between actors of different processes, in CAF's own encoding, and decodes it. Handles of other
/// processes' actors become proxies of `proxies`. On the executor's thread.
class message_codec {
public:
  message_codec(caf::actor_system& system, executor&, caf::proxy_registry& proxies)
    : system_(system)
    , proxies_(proxies) {}

  /// Appends the values.
  template <class... Ts>
  caf::error encode(detail::bytes& out, Ts&... values) {
    caf::byte_buffer buffer;
    caf::binary_serializer sink(system_, buffer);
    if (!(sink.apply(values) && ...))
      return error_of(sink);
    out.append(buffer.data(), buffer.size());
    return {};
  }
  caf::error encode(detail::bytes& out, caf::strong_actor_ptr& to, letter& message) {
    auto id = message.id.integer_value();
    return encode(out, to, message.from, id, message.content);
  }

  /// Reads the values from bytes that are not trusted, and nothing else may be there. What types throw meanwhile is an
  /// error as well.
  template <class... Ts>
  caf::error decode(std::span<const std::byte> in, Ts&... values) {
    try {
      const proxies_in_use in_use(proxies_);
      bounded_deserializer source(system_, in);
      if (!(source.apply(values) && ...))
        return error_of(source);
      if (source.remaining() > 0)
        return caf::make_error(caf::sec::invalid_argument, std::string("of a wrong length"));
      return {};
    } catch (const std::exception& e) {
      return caf::make_error(caf::sec::runtime_error, std::string(e.what()));
    }
  }
  caf::error decode(std::span<const std::byte> in, caf::strong_actor_ptr& to, letter& message) {
    std::uint64_t id = 0;
    auto problem = decode(in, to, message.from, id, message.content);
    message.id = caf::message_id(id);
    return problem;
  }

private:
  // What is decoded on this thread meanwhile has these proxies.
  class proxies_in_use {
  public:
    explicit proxies_in_use(caf::proxy_registry& proxies)
      : before_(caf::proxy_registry::current()) {
      caf::proxy_registry::current(&proxies);
    }
    proxies_in_use(const proxies_in_use&) = delete;
    ~proxies_in_use() { caf::proxy_registry::current(before_); }

  private:
    caf::proxy_registry* const before_;
  };

  template <class Inspector>
  static caf::error error_of(const Inspector& failed) {
    if (failed.get_error())
      return failed.get_error();
    return caf::make_error(caf::sec::runtime_error, std::string("no reason is given"));
  }

  caf::actor_system& system_;
  caf::proxy_registry& proxies_;
};

/// Whether a message is part of a stream, or an action, which is code: they cannot leave their process.
bool is_part_of_stream(const letter& message);

/// What to look at if a message cannot be encoded.
inline constexpr const char* encode_hint = "do all of its types have inspect functions?";

} // namespace troupe::compat
