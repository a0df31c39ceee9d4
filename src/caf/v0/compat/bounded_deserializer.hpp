#pragma once

#include "caf/caf_compat.hpp"

#include <caf/binary_deserializer.hpp>

#include <cstddef>
#include <span>

namespace troupe::compat {

/// Reads what CAF's `binary_serializer` has written, from bytes that are not trusted: CAF's own
/// deserializer allocates what a count says before it looks whether so much can follow, and recurses as
/// deep as the bytes make it.
class bounded_deserializer final : public caf::deserializer {
public:
  bounded_deserializer(caf::execution_unit* context, std::span<const std::byte> bytes);

  caf::error begin_object(std::uint16_t& type, std::string& name) override;
  caf::error end_object() override;
  caf::error begin_sequence(std::size_t& count) override;
  caf::error end_sequence() override;
  caf::error apply_raw(std::size_t count, void* data) override;

  std::size_t remaining() const noexcept { return inner_.remaining(); }
  /// Whether something could not be read: CAF drops such an error inside a nested message.
  bool failed() const noexcept { return failed_; }

protected:
  caf::error apply_impl(std::int8_t& x) override { return noted(inner_.apply(x)); }
  caf::error apply_impl(std::uint8_t& x) override { return noted(inner_.apply(x)); }
  caf::error apply_impl(std::int16_t& x) override { return noted(inner_.apply(x)); }
  caf::error apply_impl(std::uint16_t& x) override { return noted(inner_.apply(x)); }
  caf::error apply_impl(std::int32_t& x) override { return noted(inner_.apply(x)); }
  caf::error apply_impl(std::uint32_t& x) override { return noted(inner_.apply(x)); }
  caf::error apply_impl(std::int64_t& x) override { return noted(inner_.apply(x)); }
  caf::error apply_impl(std::uint64_t& x) override { return noted(inner_.apply(x)); }
  caf::error apply_impl(float& x) override { return noted(inner_.apply(x)); }
  caf::error apply_impl(double& x) override { return noted(inner_.apply(x)); }
  caf::error apply_impl(long double& x) override;
  caf::error apply_impl(std::string& x) override;
  caf::error apply_impl(std::u16string& x) override;
  caf::error apply_impl(std::u32string& x) override;

private:
  caf::error enter();
  caf::error noted(caf::error error) {
    failed_ = failed_ || error;
    return error;
  }
  template <class Unit, class String>
  caf::error read_units(String& x);

  caf::binary_deserializer inner_;
  std::size_t depth_ = 0;
  bool failed_ = false;
};

} // namespace troupe::compat
