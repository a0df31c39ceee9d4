#pragma once

#include "caf/caf_compat.hpp"

#include <caf/binary_deserializer.hpp>
#include <caf/deserializer.hpp>

#include <cstddef>
#include <span>

namespace troupe::compat {

/// Reads what CAF's `binary_serializer` has written, from bytes that are not trusted: CAF's own
/// deserializer takes counts of elements that have no bytes as they come, and recurses as deep as the
/// bytes make it.
class bounded_deserializer final : public caf::deserializer {
public:
  bounded_deserializer(caf::actor_system& system, std::span<const std::byte> bytes);

  std::size_t remaining() const noexcept { return inner_.remaining(); }

  bool fetch_next_object_type(caf::type_id_t& type) override;
  bool begin_object(caf::type_id_t type, std::string_view name) override;
  bool end_object() override { return leave(); }
  bool begin_field(std::string_view name) override;
  bool begin_field(std::string_view name, bool& is_present) override;
  bool begin_field(
    std::string_view name, caf::span<const caf::type_id_t> types, std::size_t& index) override;
  bool begin_field(std::string_view name, bool& is_present, caf::span<const caf::type_id_t> types,
    std::size_t& index) override;
  bool end_field() override { return true; }
  bool begin_tuple(std::size_t size) override;
  bool end_tuple() override { return leave(); }
  bool begin_sequence(std::size_t& size) override;
  bool end_sequence() override { return leave(); }

  using caf::deserializer::value;
  bool value(std::byte& x) override { return noted(inner_.value(x)); }
  bool value(bool& x) override { return noted(inner_.value(x)); }
  bool value(std::int8_t& x) override { return noted(inner_.value(x)); }
  bool value(std::uint8_t& x) override { return noted(inner_.value(x)); }
  bool value(std::int16_t& x) override { return noted(inner_.value(x)); }
  bool value(std::uint16_t& x) override { return noted(inner_.value(x)); }
  bool value(std::int32_t& x) override { return noted(inner_.value(x)); }
  bool value(std::uint32_t& x) override { return noted(inner_.value(x)); }
  bool value(std::int64_t& x) override { return noted(inner_.value(x)); }
  bool value(std::uint64_t& x) override { return noted(inner_.value(x)); }
  bool value(float& x) override { return noted(inner_.value(x)); }
  bool value(double& x) override { return noted(inner_.value(x)); }
  bool value(long double& x) override { return noted(inner_.value(x)); }
  bool value(std::string& x) override { return noted(inner_.value(x)); }
  bool value(std::u16string& x) override { return noted(inner_.value(x)); }
  bool value(std::u32string& x) override { return noted(inner_.value(x)); }
  bool value(caf::span<std::byte> x) override { return noted(inner_.value(x)); }
  using caf::deserializer::list;
  bool list(std::vector<bool>& xs) override { return noted(inner_.value(xs)); }

private:
  bool enter();
  bool leave() { return --depth_, true; }
  bool noted(bool read);

  caf::binary_deserializer inner_;
  std::size_t depth_ = 0;
  bool types_follow_ = false; // of a message: the next sequence
};

} // namespace troupe::compat
