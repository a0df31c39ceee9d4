#include "compat/bounded_deserializer.hpp"

#include "base/limits.hpp"

#include <utility>

namespace troupe::compat {

namespace {

constexpr std::size_t max_types_of_message = 256;
constexpr std::size_t bytes_of_count = 5; // with 7 bits in each

} // namespace

bounded_deserializer::bounded_deserializer(
  caf::actor_system& system, std::span<const std::byte> bytes)
  : caf::deserializer(system)
  , inner_(system, bytes.data(), bytes.size()) {}

bool bounded_deserializer::noted(bool read) {
  if (!read)
    set_error(inner_.get_error());
  return read;
}

bool bounded_deserializer::enter() {
  if (++depth_ > limits::max_value_depth) {
    emplace_error(caf::sec::invalid_argument, "nested too deeply");
    return false;
  }
  return true;
}

bool bounded_deserializer::fetch_next_object_type(caf::type_id_t& type) {
  return noted(inner_.fetch_next_object_type(type));
}

bool bounded_deserializer::begin_object(caf::type_id_t type, std::string_view name) {
  return enter() && noted(inner_.begin_object(type, name));
}

bool bounded_deserializer::begin_field(std::string_view name) {
  types_follow_ = name == "types";
  return true;
}

bool bounded_deserializer::begin_field(std::string_view name, bool& is_present) {
  return noted(inner_.begin_field(name, is_present));
}

bool bounded_deserializer::begin_field(
  std::string_view name, caf::span<const caf::type_id_t> types, std::size_t& index) {
  return noted(inner_.begin_field(name, types, index));
}

bool bounded_deserializer::begin_field(std::string_view name, bool& is_present,
  caf::span<const caf::type_id_t> types, std::size_t& index) {
  return noted(inner_.begin_field(name, is_present, types, index));
}

bool bounded_deserializer::begin_tuple(std::size_t) {
  return enter();
}

bool bounded_deserializer::begin_sequence(std::size_t& size) {
  if (!enter())
    return false;
  // CAF shifts by as much as the bytes say.
  const auto* next = inner_.current();
  std::size_t more = 0;
  while (more < remaining() && (next[more] & std::byte{0x80}) != std::byte{})
    ++more;
  if (more >= bytes_of_count) {
    emplace_error(caf::sec::invalid_argument, "a count is too long");
    return false;
  }
  if (!noted(inner_.begin_sequence(size)))
    return false;
  if (std::exchange(types_follow_, false) && size > max_types_of_message) {
    emplace_error(caf::sec::invalid_argument, "too many elements in a message");
    return false;
  }
  // Elements may take no bytes, as those of an empty type; a few of them are harmless.
  if (size > remaining() && size > limits::max_empty_elements_of_actor_message) {
    emplace_error(caf::sec::end_of_stream);
    return false;
  }
  return true;
}

} // namespace troupe::compat
