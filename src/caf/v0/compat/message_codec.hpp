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
#include <vector>

namespace troupe::compat {

/// Encodes what passes between actors of different processes, in CAF's own encoding, and decodes it. Handles of other
/// processes' actors become proxies of `proxies`. On the executor's thread.
class message_codec {
public:
  message_codec(caf::actor_system& system, executor& runs_on, caf::proxy_registry& proxies)
    : context_(system, runs_on, proxies) {}

  /// Appends the values.
  template <class... Ts>
  caf::error encode(detail::bytes& out, Ts&... values) {
    std::vector<char> buffer;
    caf::binary_serializer sink(&context_, buffer);
    caf::error problem;
    if (((problem = save(sink, values), !problem) && ...))
      out.append(buffer.data(), buffer.size());
    return problem;
  }
  caf::error encode(detail::bytes& out, caf::strong_actor_ptr& to, letter& message) {
    auto id = message.id.integer_value();
    return encode(out, to, message.from, id, message.stages, message.content);
  }

  /// Reads the values from bytes that are not trusted, and nothing else may be there. What types throw meanwhile is an
  /// error as well.
  template <class... Ts>
  caf::error decode(std::span<const std::byte> in, Ts&... values) {
    try {
      bounded_deserializer source(&context_, in);
      caf::error problem;
      const bool all = ((problem = load(source, values), !problem) && ...);
      if (all && (source.failed() || source.remaining() > 0))
        problem = caf::make_error(caf::sec::invalid_argument, std::string("of a wrong length"));
      return problem;
    } catch (const std::exception& e) {
      return caf::make_error(caf::sec::runtime_error, std::string(e.what()));
    }
  }
  caf::error decode(std::span<const std::byte> in, caf::strong_actor_ptr& to, letter& message) {
    std::uint64_t id = 0;
    auto problem = decode(in, to, message.from, id, message.stages, message.content);
    message.id = caf::message_id(id);
    return problem;
  }

private:
  class serialization_context final : public caf::execution_unit {
  public:
    serialization_context(
      caf::actor_system& system, executor& runs_on, caf::proxy_registry& proxies)
      : caf::execution_unit(&system)
      , runs_on_(runs_on) {
      proxy_registry_ptr(&proxies);
    }
    void exec_later(caf::resumable* job) override { runs_on_.exec_later(job); }

  private:
    executor& runs_on_;
  };

  // CAF's inspect of a message drops its errors, so those on top are saved and loaded without it.
  static caf::error save(caf::serializer& sink, caf::message& value) { return value.save(sink); }
  template <class T>
  static caf::error save(caf::serializer& sink, T& value) {
    return sink(value);
  }
  static caf::error load(caf::deserializer& source, caf::message& value) {
    return value.load(source);
  }
  template <class T>
  static caf::error load(caf::deserializer& source, T& value) {
    return source(value);
  }

  serialization_context context_;
};

/// Whether a message is part of a stream, which cannot leave its process.
bool is_part_of_stream(const letter& message);

/// What to look at if a message cannot be encoded.
inline constexpr const char* encode_hint =
  "are all of its types registered with TROUPE_MESSAGE_TYPE?";

} // namespace troupe::compat
