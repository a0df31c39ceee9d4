#pragma once

// What tests say in the words of CAF 1.x, after the types of actors.hpp.
#include <caf/all.hpp>

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace troupe::test {

template <class Inspector>
bool inspect(Inspector& f, add& x) {
  return f.object(x).fields(f.field("by", x.by));
}
template <class Inspector>
bool inspect(Inspector& f, get_count& x) {
  return f.object(x).fields();
}
template <class Inspector>
bool inspect(Inspector& f, get_pid& x) {
  return f.object(x).fields();
}
template <class Inspector>
bool inspect(Inspector& f, order& x) {
  return f.object(x).fields(
    f.field("item", x.item), f.field("amounts", x.amounts), f.field("reply_to", x.reply_to));
}
template <class Inspector>
bool inspect(Inspector& f, die& x) {
  return f.object(x).fields();
}
template <class Inspector>
bool inspect(Inspector& f, quit_with& x) {
  return f.object(x).fields(f.field("reason", x.reason));
}

/// What a stateful actor has.
template <class Self>
auto& state_of(Self* self) {
  return self->state();
}

/// A handler of a response, whatever it is.
template <class Take>
auto any_response(Take take) {
  return [take = std::move(take)](const caf::message& content) { take(content); };
}

/// A message that cannot leave its process, and why.
struct unsendable {};
inline unsendable unknown_message() {
  return {};
}
constexpr auto unknown_message_error = caf::sec::unsafe_type;

/// What stands between the id of an encoded message and its content.
struct stages_of_message {};
template <class Inspector>
bool inspect(Inspector& f, stages_of_message& x) {
  return f.object(x).fields();
}

/// A message that is part of a stream: its id and its content.
inline std::pair<std::uint64_t, caf::message> part_of_stream() {
  return {caf::message_id::default_async_value, caf::make_message(caf::stream_cancel_msg{})};
}

using optional_int = std::optional<int>;
using points = std::vector<point>;
using counts_by_name = std::map<std::string, int>;
using point_and_bool = std::pair<point, bool>;

} // namespace troupe::test

// A response needs a number, as each message; one that stays in its process needs no inspect function.
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::test::unsendable)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::test::point)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::test::points)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::test::point_and_bool)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(std::filesystem::path)

CAF_BEGIN_TYPE_ID_BLOCK(test_actors, troupe::first_message_type_id)
CAF_ADD_TYPE_ID(test_actors, (troupe::test::add))
CAF_ADD_TYPE_ID(test_actors, (troupe::test::get_count))
CAF_ADD_TYPE_ID(test_actors, (troupe::test::get_pid))
CAF_ADD_TYPE_ID(test_actors, (troupe::test::order))
CAF_ADD_TYPE_ID(test_actors, (troupe::test::die))
CAF_ADD_TYPE_ID(test_actors, (troupe::test::quit_with))
CAF_ADD_TYPE_ID(test_actors, (troupe::test::unsendable))
CAF_ADD_TYPE_ID(test_actors, (troupe::test::point))
CAF_ADD_TYPE_ID(test_actors, (troupe::test::points))
CAF_ADD_TYPE_ID(test_actors, (troupe::test::point_and_bool))
CAF_ADD_TYPE_ID(test_actors, (troupe::test::optional_int))
CAF_ADD_TYPE_ID(test_actors, (troupe::test::counts_by_name))
CAF_ADD_TYPE_ID(test_actors, (std::filesystem::path))
CAF_ADD_TYPE_ID(test_actors, (std::vector<std::string>))
CAF_ADD_TYPE_ID(test_actors, (std::vector<char>))
CAF_END_TYPE_ID_BLOCK(test_actors)
