#pragma once

#include <troupe/call.hpp>
#include <troupe/detail/compiler.hpp>

#include <caf/actor_system_config.hpp>
#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/deep_to_string.hpp>
#include <caf/detail/message_data.hpp>
#include <caf/detail/type_traits.hpp>
#include <caf/execution_unit.hpp>
#include <caf/mailbox_element.hpp>
#include <caf/make_counted.hpp>
#include <caf/make_message.hpp>
#include <caf/message.hpp>
#include <caf/resumable.hpp>
#include <caf/rtti_pair.hpp>
#include <caf/sec.hpp>
#include <caf/type_erased_value.hpp>

#include <concepts>
#include <cstdint>
#include <filesystem>
#include <string>
#include <type_traits>
#include <utility>

#pragma GCC visibility push(default)

// CAF 0.17, as caf_version.hpp says.
namespace troupe::detail {

struct actor_call;

/// What an actor runs on.
using caf_executor = caf::execution_unit;
using enqueue_result = void;

/// An actor that runs on `Self::executor()` instead of CAF's scheduler: it names that in each `enqueue`, as CAF's
/// brokers name the multiplexer.
template <class Self, class Actor>
class runs_apart : public Actor {
public:
  using Actor::Actor;
  using Actor::enqueue;

  void enqueue(caf::mailbox_element_ptr message, caf::execution_unit*) override {
    Actor::enqueue(std::move(message), &static_cast<Self&>(*this).executor());
  }
  void enqueue(caf::strong_actor_ptr from, caf::message_id id, caf::message content,
    caf::execution_unit*) override {
    Actor::enqueue(std::move(from), id, std::move(content), &static_cast<Self&>(*this).executor());
  }
  /// By which an event loop knows the actors that are its own.
  caf::resumable::subtype_t subtype() const override { return caf::resumable::io_actor; }
};

// -- messages -------------------------------------------------------------------------------------------

/// `self->request(to, limit, content...)`.
template <class Self, class Duration, class... Ts>
auto send_request(Self& self, const caf::actor& to, Duration limit, Ts&&... content) {
  return self->request(to, limit, std::forward<Ts>(content)...);
}

using add_message_type_function = void (*)(caf::actor_system_config&, const std::string& name);

void register_message_type(std::string name, add_message_type_function add);

template <class T>
void make_known_to_caf(std::string name) {
  register_message_type(
    std::move(name), [](caf::actor_system_config& config, const std::string& type_name) {
      config.add_message_type<T>(type_name);
    });
}

// CAF 0.17's make_message takes only what CAF can serialize. The results of tasks are of more types
// (plain aggregates, optional, variant, ...), and need no serializing between actors of one process.

/// Whether CAF's own serializers know the type. A path is a range of paths, on which CAF's trait does not
/// end.
template <class T>
inline constexpr bool known_to_caf = caf::detail::is_serializable<T>::value;
template <>
inline constexpr bool known_to_caf<std::filesystem::path> = false;

/// A single value in a message, which stays inside its process.
template <class T>
class local_value final : public caf::type_erased_value {
public:
  explicit local_value(const T& value)
    : value_(value) {}

  void* get_mutable() override { return &value_; }
  caf::error load(caf::deserializer&) override { return caf::sec::unknown_type; }
  caf::rtti_pair type() const override { return {0, &typeid(T)}; }
  const void* get() const override { return &value_; }
  caf::error save(caf::serializer&) const override { return caf::sec::unknown_type; }
  std::string stringify() const override { return "<unprintable>"; }
  caf::type_erased_value_ptr copy() const override {
    return caf::type_erased_value_ptr(new local_value(value_));
  }

private:
  T value_;
};

/// The content of a message with a single value, which stays inside its process.
template <class T>
class local_content final : public caf::detail::message_data {
public:
  explicit local_content(T&& value)
    : value_(std::move(value)) {}
  local_content(const local_content&) = default;

  using caf::detail::message_data::copy;
  using caf::type_erased_tuple::load;
  using caf::type_erased_tuple::save;
  using caf::type_erased_tuple::stringify;

  local_content* copy() const override { return new local_content(*this); }
  void* get_mutable(std::size_t) override { return &value_; }
  caf::error load(std::size_t, caf::deserializer&) override { return caf::sec::unknown_type; }
  std::size_t size() const noexcept override { return 1; }
  std::uint32_t type_token() const noexcept override { return caf::make_type_token<T>(); }
  caf::rtti_pair type(std::size_t) const noexcept override { return {0, &typeid(T)}; }
  const void* get(std::size_t) const noexcept override { return &value_; }
  std::string stringify(std::size_t) const override { return "<unprintable>"; }
  caf::type_erased_value_ptr copy(std::size_t) const override {
    return caf::type_erased_value_ptr(new local_value<T>(value_));
  }
  caf::error save(std::size_t, caf::serializer&) const override { return caf::sec::unknown_type; }

private:
  T value_;
};

template <class T>
caf::message reply_message(T value) {
  if constexpr (known_to_caf<T>) {
    return caf::make_message(std::move(value));
  } else {
    auto content = caf::make_counted<local_content<T>>(std::move(value));
    return caf::message(caf::message::data_ptr(std::move(content)));
  }
}

} // namespace troupe::detail

#pragma GCC visibility pop

/// A type of messages that stay in their process. At global scope.
#define TROUPE_UNSENT_TYPE(number, ...) CAF_ALLOW_UNSAFE_MESSAGE_TYPE(__VA_ARGS__)
/// An enumeration whose values are codes of `caf::error`.
#define TROUPE_ERROR_CODES(number, type)

namespace caf {

// In a message all calls have one type, which the pool's actor can match.
template <class R>
struct unbox_message_element<troupe::typed_call<R>, 0> {
  using type = troupe::detail::actor_call;
};

} // namespace caf
