#pragma once

#include <troupe/actor_options.hpp>
#include <troupe/detail/compiler.hpp>

#include <type_traits>

// What the headers that do not include CAF say of it. They declare what is done with actors; <troupe/actor.hpp>
// brings CAF, and the bodies.
namespace caf {

class actor;
class actor_system;
class actor_system_config;
class local_actor;

} // namespace caf

#pragma GCC visibility push(default)

namespace troupe::detail {

struct hosted_id;

/// The functions of a pool that need CAF, for actors of the type or function type `T`. Completed by
/// <troupe/actor.hpp>.
template <class T>
struct actor_part;

/// Gives those functions where the header has been included, and else says that it is missing.
template <class T>
constexpr auto actors_of() {
  static_assert(
    requires { sizeof(actor_part<T>); },
    "programs with CAF actors include <troupe/actor.hpp>, or <troupe/troupe.hpp>");
  return actor_part<T>{};
}

template <class... Args>
inline constexpr bool starts_with_actor_options = false;
template <class First, class... Rest>
inline constexpr bool starts_with_actor_options<First, Rest...> =
  std::is_same_v<std::remove_cvref_t<First>, actor_options>;

/// `caf::actor_from_state<State>`, which CAF 1.x has.
template <class F>
concept state_maker = std::is_empty_v<F> && requires {
  typename F::behavior_type;
  typename F::base_type;
  typename F::handle_type;
};

/// Functions, lambdas that have no captures, and what makes an actor of its state.
template <class F>
concept behavior_maker = std::is_function_v<std::remove_pointer_t<std::decay_t<F>>> ||
  state_maker<std::decay_t<F>> || requires(F f) {
  +f;
};

/// As a plain function, if it is one.
template <class F>
auto maker_of(const F& f) {
  if constexpr (state_maker<F>)
    return f;
  else
    return +f;
}

} // namespace troupe::detail

#pragma GCC visibility pop
