#include "compat/bounded_deserializer.hpp"

#include "base/limits.hpp"

namespace troupe::compat {

namespace {

constexpr std::size_t shortest_long_double_text = 2; // as which CAF writes it: a count and a digit

} // namespace

bounded_deserializer::bounded_deserializer(
  caf::execution_unit* context, std::span<const std::byte> bytes)
  : caf::deserializer(context)
  , inner_(context, reinterpret_cast<const char*>(bytes.data()), bytes.size()) {}

caf::error bounded_deserializer::enter() {
  if (++depth_ > limits::max_value_depth)
    return noted(caf::make_error(caf::sec::invalid_argument, std::string("nested too deeply")));
  return caf::none;
}

caf::error bounded_deserializer::begin_object(std::uint16_t& type, std::string& name) {
  name.clear();
  if (auto error = enter())
    return error;
  if (auto error = apply_impl(type))
    return error;
  return type != 0 ? caf::none : apply_impl(name);
}

caf::error bounded_deserializer::end_object() {
  --depth_;
  return caf::none;
}

caf::error bounded_deserializer::begin_sequence(std::size_t& count) {
  if (auto error = enter())
    return error;
  if (auto error = noted(inner_.begin_sequence(count)))
    return error;
  // Elements may take no bytes, as those of an empty type; a few of them are harmless.
  if (count > remaining() && count > limits::max_empty_elements_of_actor_message)
    return noted(caf::sec::end_of_stream);
  return caf::none;
}

caf::error bounded_deserializer::end_sequence() {
  --depth_;
  return caf::none;
}

caf::error bounded_deserializer::apply_raw(std::size_t count, void* data) {
  return noted(count <= remaining() ? inner_.apply_raw(count, data) : caf::sec::end_of_stream);
}

caf::error bounded_deserializer::apply_impl(long double& x) {
  if (remaining() < shortest_long_double_text)
    return noted(caf::sec::end_of_stream);
  std::string text;
  if (auto error = apply_impl(text))
    return error;
  try {
    x = std::stold(text);
  } catch (const std::exception&) {
    return noted(caf::sec::invalid_argument);
  }
  return caf::none;
}

template <class Unit, class String>
caf::error bounded_deserializer::read_units(String& x) {
  std::size_t count = 0;
  if (auto error = begin_sequence(count))
    return error;
  if (count > remaining() / sizeof(Unit))
    return noted(caf::sec::end_of_stream);
  x.clear();
  x.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    Unit unit = 0;
    if (auto error = noted(inner_.apply(unit)))
      return error;
    x.push_back(static_cast<typename String::value_type>(unit));
  }
  return end_sequence();
}

caf::error bounded_deserializer::apply_impl(std::string& x) {
  std::size_t count = 0;
  if (auto error = begin_sequence(count))
    return error;
  if (count > remaining())
    return noted(caf::sec::end_of_stream);
  x.resize(count);
  if (count > 0)
    if (auto error = apply_raw(count, x.data()))
      return error;
  return end_sequence();
}

caf::error bounded_deserializer::apply_impl(std::u16string& x) {
  return read_units<std::uint16_t>(x);
}

caf::error bounded_deserializer::apply_impl(std::u32string& x) {
  return read_units<std::uint32_t>(x);
}

} // namespace troupe::compat
