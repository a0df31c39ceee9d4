#pragma once

#include <troupe/detail/caf_version.hpp>
#include <troupe/detail/compiler.hpp>

#include <string>
#include <utility>

#pragma GCC visibility push(default)

namespace troupe {

/// Makes a type known to CAF by that name, so that it can be in messages between actors of different
/// processes. CAF's built-in types are known: integers, floating point, strings, actor handles, errors,
/// ... The type has a CAF `inspect(Inspector&, T&)`. Vectors of it are known as well.
///
/// Call it in parent and children alike: before `runtime` is constructed, or put
/// `TROUPE_MESSAGE_TYPE(my_type)` at namespace scope. Thread-safe.
///
/// CAF 1.x knows types by numbers as well, which an id block gives, from `troupe::first_message_type_id` on, and takes
/// their names from there. `TROUPE_MESSAGE_TYPES(block)` makes all types of the block known, and has to run before
/// there is an actor system:
///
///     CAF_BEGIN_TYPE_ID_BLOCK(my_program, troupe::first_message_type_id)
///     CAF_ADD_TYPE_ID(my_program, (my_type))
///     CAF_END_TYPE_ID_BLOCK(my_program)
///     TROUPE_MESSAGE_TYPES(my_program);
template <class T>
void register_message_type(std::string name) {
  detail::make_known_to_caf<T>(std::move(name));
}

} // namespace troupe

#pragma GCC visibility pop

#define TROUPE_MESSAGE_TYPE_NAME_2(line) troupe_registered_message_type_##line
#define TROUPE_MESSAGE_TYPE_NAME(line) TROUPE_MESSAGE_TYPE_NAME_2(line)
/// At namespace scope: `register_message_type` for a type, by its name as it is written there.
#define TROUPE_MESSAGE_TYPE(...)                                                                   \
  [[maybe_unused]] static const bool TROUPE_MESSAGE_TYPE_NAME(__LINE__) =                          \
    (::troupe::register_message_type<__VA_ARGS__>(#__VA_ARGS__), true)
