#pragma once

#include <troupe/call.hpp>
#include <troupe/detail/actor_part.hpp>
#include <troupe/detail/caf_version.hpp>
#include <troupe/detail/compiler.hpp>

#include <caf/actor.hpp>
#include <caf/actor_config.hpp>
#include <caf/actor_system.hpp>
#include <caf/infer_handle.hpp>
#include <caf/local_actor.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#pragma GCC visibility push(default)

// How an actor starts in a child: by a task, which makes the actor there, on the child's event loop, and
// returns its name.
namespace troupe::detail {

/// Names an actor to other processes.
struct hosted_id {
  std::uint64_t actor = 0;
  std::vector<std::byte> node; ///< a serialized `caf::node_id`
};

} // namespace troupe::detail

#pragma GCC visibility pop

TROUPE_UNSENT_TYPE(4, troupe::detail::hosted_id)

#pragma GCC visibility push(default)

namespace troupe::detail {

/// Where the actors of this child run. Throw `std::logic_error` outside of a child.
caf_executor& hosting_unit();
caf::actor_system& hosting_system();
/// Lets the parent reach an actor of this child.
hosted_id publish_hosted(const caf::actor& hosted);

/// An actor of the user's type that runs on the child's event loop.
template <class Actor>
class hosted final : public runs_apart<hosted<Actor>, Actor> {
public:
  using runs_apart<hosted<Actor>, Actor>::runs_apart;

  caf_executor& executor() const { return hosting_unit(); }
};

// What an argument of a constructor is sent as: its parameter types are not known.
template <class Arg>
using spawn_argument_t =
  std::conditional_t<std::is_convertible_v<Arg, std::string_view>, std::string, std::decay_t<Arg>>;

template <class Actor, class... Args>
hosted_id spawn_class(Args... args) {
  caf::actor_config config(&hosting_unit());
  return publish_hosted(
    hosting_system().spawn_impl<hosted<Actor>, caf::no_spawn_options>(config, std::move(args)...));
}

template <class Actor, class... Args>
auto spawn_class_call(Args&&... args) {
  static_assert(std::is_same_v<caf::infer_handle_from_class_t<Actor>, caf::actor>,
    "an actor that is spawned in a child is dynamically typed: derive it from "
    "caf::event_based_actor or caf::stateful_actor");
  static_assert(!std::is_final_v<Actor>, "troupe derives from the actor, so it must not be final");
  return call(&spawn_class<Actor, spawn_argument_t<Args&&>...>, std::forward<Args>(args)...);
}

// A behavior function, with or without a pointer to its actor as its first parameter.
template <class Function>
struct behavior_function;

template <class Function, class... Ps>
struct behavior_function_base {
  static hosted_id spawn(code_location place, Ps... args) {
    auto function = reinterpret_cast<Function>(function_at(place));
    using impl = caf::infer_impl_from_fun_t<Function>;
    caf::actor_config config(&hosting_unit());
    // Not with CAF's own factory, which binds a reference to nothing where there are no arguments.
    auto start = [function, bound = std::tuple<Ps...>(std::move(args)...)](
                   caf::local_actor* self) mutable {
      return std::apply(
        [&](Ps&... each) { return make_behavior<impl>(function, self, std::move(each)...); },
        bound);
    };
    config.init_fun = caf::actor_config::init_fun_type(std::move(start));
    return publish_hosted(hosting_system().spawn_impl<hosted<impl>, caf::no_spawn_options>(config));
  }

  template <class Impl>
  static caf::behavior make_behavior(Function function, caf::local_actor* self, Ps&&... args) {
    const auto start = [&] {
      if constexpr (std::is_invocable_v<Function, Impl*, Ps...>)
        return function(static_cast<Impl*>(self), std::move(args)...);
      else
        return function(std::move(args)...);
    };
    if constexpr (std::is_void_v<decltype(start())>)
      return start(), caf::behavior{};
    else
      return start();
  }

  template <class... Args>
  static auto spawn_call(Function function, Args&&... args) {
    static_assert(std::is_same_v<caf::infer_handle_from_fun_t<Function>, caf::actor>,
      "an actor that is spawned in a child is dynamically typed: its function returns a "
      "caf::behavior, or nothing");
    return call(&spawn, locate(function), std::forward<Args>(args)...);
  }
};

template <class R, class... Ps>
struct behavior_function<R (*)(Ps...)>
  : behavior_function_base<R (*)(Ps...), std::remove_cvref_t<Ps>...> {};

template <class R, class Self, class... Ps>
requires std::is_base_of_v<caf::local_actor, Self>
struct behavior_function<R (*)(Self*, Ps...)>
  : behavior_function_base<R (*)(Self*, Ps...), std::remove_cvref_t<Ps>...> {
};

/// For `pool::spawn<Actor>(args...)`.
template <class Actor>
struct actor_part {
  template <class... Args>
  auto call(Args&&... args) const {
    return spawn_class_call<Actor>(std::forward<Args>(args)...);
  }
};

/// For `pool::spawn(function, args...)`.
template <class R, class... Ps>
struct actor_part<R (*)(Ps...)> {
  template <class... Args>
  auto call(R (*function)(Ps...), Args&&... args) const {
    return behavior_function<R (*)(Ps...)>::spawn_call(function, std::forward<Args>(args)...);
  }
};

} // namespace troupe::detail

#pragma GCC visibility pop
