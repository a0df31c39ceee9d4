#pragma once

#include <troupe/detail/compiler.hpp>

#include <caf/actor_system_config.hpp>

#include <string>
#include <utility>

#pragma GCC visibility push(default)

namespace troupe {

namespace detail {

using add_message_type_function = void (*)(caf::actor_system_config&, const std::string& name);

void register_message_type(std::string name, add_message_type_function add);

} // namespace detail

/// Makes a type known to CAF by that name, so that it can be in messages between actors of different
/// processes. CAF's built-in types are known: integers, floating point, strings, actor handles, errors,
/// ... The type has a CAF `inspect(Inspector&, T&)`. Vectors of it are known as well.
///
/// Call it in parent and children alike: before `runtime` is constructed, or put
/// `TROUPE_MESSAGE_TYPE(my_type)` at namespace scope. Thread-safe.
template <class T>
void register_message_type(std::string name) {
  detail::register_message_type(
    std::move(name), [](caf::actor_system_config& config, const std::string& type_name) {
      config.add_message_type<T>(type_name);
    });
}

} // namespace troupe

#pragma GCC visibility pop

#define TROUPE_MESSAGE_TYPE_NAME_2(line) troupe_registered_message_type_##line
#define TROUPE_MESSAGE_TYPE_NAME(line) TROUPE_MESSAGE_TYPE_NAME_2(line)
/// At namespace scope: `register_message_type` for a type, by its name as it is written there.
#define TROUPE_MESSAGE_TYPE(...)                                                                   \
  [[maybe_unused]] static const bool TROUPE_MESSAGE_TYPE_NAME(__LINE__) =                          \
    (::troupe::register_message_type<__VA_ARGS__>(#__VA_ARGS__), true)
