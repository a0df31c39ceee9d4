#include "os/image.hpp"

#include <troupe/detail/call_code.hpp>

#include <cstring>
#include <stdexcept>

#include <dlfcn.h>
#include <elf.h>
#include <link.h>

namespace troupe {

namespace os {

namespace {

// FNV-1a (http://www.isthe.com/chongo/tech/comp/fnv/) of a module's path. 0 is the program itself.
std::uint32_t module_id(const char* path) noexcept {
  if (path == nullptr || *path == '\0')
    return 0;
  std::uint32_t hash = 2166136261u;
  for (; *path != '\0'; ++path)
    hash = (hash ^ static_cast<unsigned char>(*path)) * 16777619u;
  return hash == 0 || hash == no_module ? 1 : hash;
}

void find_build_id(const dl_phdr_info& info, build_id& found) {
  for (int i = 0; i < info.dlpi_phnum; ++i) {
    const auto& segment = info.dlpi_phdr[i];
    if (segment.p_type != PT_NOTE)
      continue;
    const char* at = reinterpret_cast<const char*>(info.dlpi_addr + segment.p_vaddr);
    const char* end = at + segment.p_memsz;
    while (at + sizeof(ElfW(Nhdr)) <= end) {
      ElfW(Nhdr) note;
      std::memcpy(&note, at, sizeof note);
      const char* name = at + sizeof note;
      const char* value = name + (note.n_namesz + 3) / 4 * 4;
      if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 &&
          std::memcmp(name, "GNU", 4) == 0 && note.n_descsz <= max_build_id_bytes) {
        found.length = note.n_descsz;
        std::memcpy(found.bytes.data(), value, note.n_descsz);
        return;
      }
      at = value + (note.n_descsz + 3) / 4 * 4;
    }
  }
}

} // namespace

build_id program_build_id() {
  build_id found;
  ::dl_iterate_phdr(
    [](dl_phdr_info* info, std::size_t, void* out) {
      find_build_id(*info, *static_cast<build_id*>(out));
      return 1; // the program is the first module
    },
    &found);
  return found;
}

std::string to_string(const build_id& id) {
  if (id.length == 0)
    return "none";
  static constexpr char digits[] = "0123456789abcdef";
  std::string text;
  for (std::size_t i = 0; i < std::min<std::size_t>(id.length, max_build_id_bytes); ++i) {
    text += digits[id.bytes[i] >> 4];
    text += digits[id.bytes[i] & 15];
  }
  return text;
}

code_location locate_in_signal_handler(std::uintptr_t address) noexcept {
  dl_find_object found{};
  if (::_dl_find_object(reinterpret_cast<void*>(address), &found) != 0 ||
      found.dlfo_link_map == nullptr)
    return {no_module, address};
  const auto* module = found.dlfo_link_map;
  return {module_id(module->l_name), address - module->l_addr};
}

std::optional<std::uintptr_t> address_of(const code_location& place) {
  struct search {
    const code_location& place;
    std::optional<std::uintptr_t> address;
  } wanted{place, {}};
  ::dl_iterate_phdr(
    [](dl_phdr_info* info, std::size_t, void* out) {
      auto& s = *static_cast<search*>(out);
      if (module_id(info->dlpi_name) != s.place.module)
        return 0;
      for (int i = 0; i < info->dlpi_phnum; ++i) {
        const auto& segment = info->dlpi_phdr[i];
        if (segment.p_type == PT_LOAD && s.place.offset >= segment.p_vaddr &&
            s.place.offset < segment.p_vaddr + segment.p_memsz)
          s.address = info->dlpi_addr + s.place.offset;
      }
      return 1;
    },
    &wanted);
  return wanted.address;
}

} // namespace os

namespace detail {

namespace {

// Almost all code is in the program itself, whose load address never changes.
struct program_range {
  std::uintptr_t base = 0;
  std::uintptr_t begin = 0;
  std::uintptr_t end = 0;

  program_range() {
    dl_find_object found{};
    // Any function of the program would do; this one is in it unless troupe is a shared library.
    const auto here = reinterpret_cast<void*>(&os::program_build_id);
    if (::_dl_find_object(here, &found) == 0 && found.dlfo_link_map != nullptr &&
        *found.dlfo_link_map->l_name == '\0') {
      base = found.dlfo_link_map->l_addr;
      begin = reinterpret_cast<std::uintptr_t>(found.dlfo_map_start);
      end = reinterpret_cast<std::uintptr_t>(found.dlfo_map_end);
    }
  }
};

const program_range& program() {
  static const program_range range;
  return range;
}

} // namespace

code_location locate(void (*function)()) {
  const auto address = reinterpret_cast<std::uintptr_t>(function);
  if (address >= program().begin && address < program().end)
    return {0, address - program().base};
  const auto place = os::locate_in_signal_handler(address);
  if (place.module == os::no_module)
    throw encode_error("the function of a task is in no module of this program");
  return place;
}

void (*function_at(const code_location& place))() {
  if (place == code_location{})
    return nullptr;
  if (place.module == 0 && program().begin != 0) {
    const auto address = program().base + place.offset;
    return address >= program().begin && address < program().end
             ? reinterpret_cast<void (*)()>(address)
             : nullptr;
  }
  return reinterpret_cast<void (*)()>(os::address_of(place).value_or(0));
}

} // namespace detail
} // namespace troupe
