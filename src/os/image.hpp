#pragma once

#include <troupe/errors.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace troupe::os {

inline constexpr std::size_t max_build_id_bytes = 32;

struct build_id {
  std::uint32_t length = 0; ///< 0: the image has none
  std::array<std::uint8_t, max_build_id_bytes> bytes{};

  friend bool operator==(const build_id&, const build_id&) = default;
};

/// The build id of the program (`ld --build-id`), and that of troupe where it is a shared library, as one:
/// the same for two processes if and only if they run the same image. Of length 0 if one of them has none.
build_id image_build_id();

/// Lower-case hex, or "none".
std::string to_string(const build_id& id);

/// The place of an address in the module that has it, for use in a signal handler.
/// Async-signal-safe: no locks, no allocation. An address in no module has the module `no_module`.
code_location locate_in_signal_handler(std::uintptr_t address) noexcept;
inline constexpr std::uint32_t no_module = 0xffffffff;
/// ... and this one has what is no place, but says that the frames before it repeat: how often is in the lower 48 bits of
/// the offset, and how many frames above.
inline constexpr std::uint32_t repeated_frames = code_location::repeats;
inline constexpr unsigned repeat_bits = code_location::repeat_bits;

/// The module that has an address, for use in a signal handler. Async-signal-safe.
struct named_module {
  std::uint32_t id = no_module;
  const char* path = ""; ///< as the loader knows it; empty: the program itself
  build_id build;
};
named_module module_in_signal_handler(std::uintptr_t address) noexcept;

/// A module as the loader knows it.
struct loaded_module {
  std::uint32_t id = 0; ///< `code_location::module`
  std::string path;
};

/// Loads a module, or finds it loaded. It stays loaded. Throws `std::runtime_error` with what the loader
/// says.
loaded_module load_module(const std::string& path);

/// The path of a loaded module, of which `id` is the `code_location::module`; empty if there is none.
std::string module_path(std::uint32_t id);

/// The id of a module that has that path and that build id.
std::uint32_t module_id_of(const std::string& path, const build_id& build);

/// The build id in a file; of length 0 if it has none.
build_id file_build_id(const std::string& path);

/// The build id of a loaded module; of length 0 if it has none, or there is no such module.
build_id module_build_id(std::uint32_t id);

/// The address of a place in this process, if its module is loaded here.
std::optional<std::uintptr_t> address_of(const code_location& place);

} // namespace troupe::os
