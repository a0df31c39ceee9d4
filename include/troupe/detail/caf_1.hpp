#pragma once

#include <troupe/call.hpp>
#include <troupe/detail/actor_part.hpp>
#include <troupe/detail/compiler.hpp>

#include <caf/actor.hpp>
#include <caf/actor_from_state.hpp>
#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/default_enum_inspect.hpp>
#include <caf/init_global_meta_objects.hpp>
#include <caf/is_error_code_enum.hpp>
#include <caf/mailbox_element.hpp>
#include <caf/message.hpp>
#include <caf/resumable.hpp>
#include <caf/scheduler.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/type_id.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#pragma GCC visibility push(default)

// CAF 1.x, as caf_version.hpp says.
namespace troupe {

namespace detail {

struct actor_call;

/// What an actor runs on.
using caf_executor = caf::scheduler;
using enqueue_result = bool;

/// An actor that runs on `Self::executor()` instead of CAF's scheduler: it names that in each `enqueue`, as CAF's
/// brokers name the multiplexer.
template <class Self, class Actor>
class runs_apart : public Actor {
public:
  using Actor::Actor;
  using Actor::enqueue;

  bool enqueue(caf::mailbox_element_ptr message, caf::scheduler*) override {
    return Actor::enqueue(std::move(message), &static_cast<Self&>(*this).executor());
  }
  /// By which an event loop knows the actors that are its own.
  caf::resumable::subtype_t subtype() const noexcept override { return caf::resumable::io_actor; }
};

/// For `pool::spawn(caf::actor_from_state<State>, args...)`.
template <class State>
struct actor_part<caf::actor_from_state_t<State>> {
  template <class... Args>
  auto call(caf::actor_from_state_t<State>, Args&&... args) const {
    using base = typename caf::actor_from_state_t<State>::base_type;
    return actor_part<caf::stateful_actor<State, base>>{}.call(std::forward<Args>(args)...);
  }
};

// -- messages -------------------------------------------------------------------------------------------

/// `self->request(to, limit, content...)`.
template <class Self, class Duration, class... Ts>
auto send_request(Self& self, const caf::actor& to, Duration limit, Ts&&... content) {
  return self->mail(std::forward<Ts>(content)...).request(to, limit);
}

// CAF looks types up without a lock: they are added before main.
template <class T>
bool add_to_caf() {
  const auto meta = caf::detail::make_meta_object<T>(caf::type_name_v<T>);
  caf::detail::set_global_meta_objects(caf::type_id_v<T>, caf::make_span(&meta, 1));
  return true;
}

template <class T>
void make_known_to_caf(const std::string&) {
  static_assert(caf::has_type_id_v<T>,
    "CAF 1.x knows the types of messages by numbers: name this one in an id block, from "
    "CAF_BEGIN_TYPE_ID_BLOCK(name, "
    "troupe::first_message_type_id) to CAF_END_TYPE_ID_BLOCK(name)");
  add_to_caf<T>();
}

template <class T>
caf::message reply_message(T value) {
  static_assert(caf::detail::sendable<T>,
    "a result that goes to a CAF actor needs a number in CAF 1.x: name its type in an id block "
    "(CAF_ADD_TYPE_ID), and "
    "put CAF_ALLOW_UNSAFE_MESSAGE_TYPE before that if it has no inspect function");
  return caf::make_message(std::move(value));
}

/// CAF leaves the numbers from 200 on to programs, of which troupe takes the first.
inline constexpr caf::type_id_t first_own_type_id = caf::first_custom_type_id;

/// Of types that troupe has numbered.
template <class T>
inline const bool is_known_to_caf = false;

} // namespace detail

/// With CAF 1.x: where a program's own numbers of message types begin, CAF_BEGIN_TYPE_ID_BLOCK(name, this).
inline constexpr caf::type_id_t first_message_type_id = detail::first_own_type_id + 64;

} // namespace troupe

#pragma GCC visibility pop

#define TROUPE_MESSAGE_TYPES_NAME_2(line) troupe_registered_message_types_##line
#define TROUPE_MESSAGE_TYPES_NAME(line) TROUPE_MESSAGE_TYPES_NAME_2(line)
/// With CAF 1.x, at global scope after CAF_END_TYPE_ID_BLOCK(block), in one source file of each image: makes the types
/// of that block known to CAF, before main.
#define TROUPE_MESSAGE_TYPES(block)                                                                \
  [[maybe_unused]] static const bool TROUPE_MESSAGE_TYPES_NAME(__LINE__) =                         \
    (::caf::init_global_meta_objects<::caf::id_block::block>(), true)

/// A type of messages, by its number among troupe's own. At global scope.
#define TROUPE_SENT_TYPE(number, ...)                                                              \
  namespace caf {                                                                                  \
  template <>                                                                                      \
  struct type_id<__VA_ARGS__> {                                                                    \
    static constexpr type_id_t value = ::troupe::detail::first_own_type_id + (number);             \
  };                                                                                               \
  template <>                                                                                      \
  struct type_by_id<type_id<__VA_ARGS__>::value> {                                                 \
    using type = __VA_ARGS__;                                                                      \
  };                                                                                               \
  template <>                                                                                      \
  struct type_name<__VA_ARGS__> {                                                                  \
    static constexpr std::string_view value = #__VA_ARGS__;                                        \
  };                                                                                               \
  template <>                                                                                      \
  struct type_name_by_id<type_id<__VA_ARGS__>::value> : type_name<__VA_ARGS__> {};                 \
  }                                                                                                \
  namespace troupe::detail {                                                                       \
  template <>                                                                                      \
  inline const bool is_known_to_caf<__VA_ARGS__> = add_to_caf<__VA_ARGS__>();                      \
  }
/// A type of messages that stay in their process.
#define TROUPE_UNSENT_TYPE(number, ...)                                                            \
  CAF_ALLOW_UNSAFE_MESSAGE_TYPE(__VA_ARGS__)                                                       \
  TROUPE_SENT_TYPE(number, __VA_ARGS__)
// NOLINTBEGIN(bugprone-macro-parentheses): a type cannot be in them
/// An enumeration of namespace troupe whose values are codes of `caf::error`.
#define TROUPE_ERROR_CODES(number, type)                                                           \
  namespace troupe {                                                                               \
  __attribute__((visibility("default"))) bool from_string(std::string_view name, type& code);      \
  __attribute__((visibility("default"))) bool from_integer(std::uint8_t value, type& code);        \
  template <class Inspector>                                                                       \
  bool inspect(Inspector& f, type& code) {                                                         \
    return caf::default_enum_inspect(f, code);                                                     \
  }                                                                                                \
  }                                                                                                \
  CAF_ERROR_CODE_ENUM(::troupe::type)                                                              \
  TROUPE_SENT_TYPE(number, troupe::type)
// NOLINTEND(bugprone-macro-parentheses)

namespace caf::detail {

// In a message all calls have one type, which the pool's actor can match.
template <class R>
struct implicit_conversions<troupe::typed_call<R>> {
  using type = troupe::detail::actor_call;
};

} // namespace caf::detail
