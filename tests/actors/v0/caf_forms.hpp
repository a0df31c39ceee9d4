#pragma once

// What tests say in the words of CAF 0.17, after the types of actors.hpp.
#include <caf/all.hpp>

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace troupe::test {

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, add& x) {
  return f(caf::meta::type_name("add"), x.by);
}
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, get_count&) {
  return f(caf::meta::type_name("get_count"));
}
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, get_pid&) {
  return f(caf::meta::type_name("get_pid"));
}
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, order& x) {
  return f(caf::meta::type_name("order"), x.item, x.amounts, x.reply_to);
}
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, die&) {
  return f(caf::meta::type_name("die"));
}
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, quit_with& x) {
  return f(caf::meta::type_name("quit_with"), x.reason);
}

/// What a stateful actor has.
template <class Self>
auto& state_of(Self* self) {
  return self->state;
}

/// A handler of a response, whatever it is.
template <class Take>
auto any_response(Take take) {
  return caf::others >>
           [take = std::move(take)](caf::message_view& view) -> caf::result<caf::message> {
    take(view.move_content_to_message());
    return caf::message{};
  };
}

/// A message that cannot leave its process, and why.
inline std::map<std::string, int> unknown_message() {
  return {{"a", 1}};
}
constexpr auto unknown_message_error = caf::sec::unknown_type;

/// What stands between the id of an encoded message and its content.
using stages_of_message = std::vector<caf::strong_actor_ptr>;

/// A message that is part of a stream: its id and its content.
inline std::pair<std::uint64_t, caf::message> part_of_stream() {
  return {
    caf::message_id().with_category(caf::message_id::downstream_message_category).integer_value(),
    caf::make_message(1)};
}

} // namespace troupe::test
