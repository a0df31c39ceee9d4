#include "os/image.hpp"

#include "base/unique_fd.hpp"

#include <troupe/detail/call_code.hpp>

#include <algorithm>
#include <array>
#include <cstring>
#include <stdexcept>

#include <dlfcn.h>
#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <sys/stat.h>
#include <unistd.h>

namespace troupe {

namespace os {

namespace {

// FNV-1a (http://www.isthe.com/chongo/tech/comp/fnv/).
class fingerprint {
public:
  void add(const void* data, std::size_t size) noexcept {
    const auto* bytes = static_cast<const unsigned char*>(data);
    for (std::size_t i = 0; i < size; ++i)
      value_ = (value_ ^ bytes[i]) * 16777619u;
  }
  std::uint32_t value() const noexcept { return value_; }

private:
  std::uint32_t value_ = 2166136261u;
};

// Names and values of notes are padded to words.
std::size_t padded(std::size_t bytes) noexcept {
  return (bytes + 3) / 4 * 4;
}

void find_build_id_in(const char* at, const char* end, build_id& found) noexcept {
  while (static_cast<std::size_t>(end - at) >= sizeof(ElfW(Nhdr))) {
    ElfW(Nhdr) note;
    std::memcpy(&note, at, sizeof note);
    at += sizeof note;
    const auto name_bytes = padded(note.n_namesz);
    const auto left = static_cast<std::size_t>(end - at);
    if (name_bytes > left || note.n_descsz > left - name_bytes)
      return;
    if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 && std::memcmp(at, "GNU", 4) == 0 &&
        note.n_descsz <= max_build_id_bytes) {
      found.length = note.n_descsz;
      std::memcpy(found.bytes.data(), at + name_bytes, note.n_descsz);
      return;
    }
    at += std::min(left, name_bytes + padded(note.n_descsz));
  }
}

void find_build_id(
  const ElfW(Phdr) * segments, std::size_t count, ElfW(Addr) base, build_id& found) noexcept {
  for (std::size_t i = 0; i < count; ++i) {
    const auto& segment = segments[i];
    if (segment.p_type != PT_NOTE)
      continue;
    const char* const notes = reinterpret_cast<const char*>(base + segment.p_vaddr);
    find_build_id_in(notes, notes + segment.p_memsz, found);
    if (found.length != 0)
      return;
  }
}

// The same for a module whose ELF header is mapped at `start`.
void find_build_id(const void* start, ElfW(Addr) base, build_id& found) noexcept {
  const auto* header = static_cast<const ElfW(Ehdr)*>(start);
  if (std::memcmp(header->e_ident, ELFMAG, SELFMAG) == 0)
    find_build_id(
      reinterpret_cast<const ElfW(Phdr)*>(static_cast<const std::byte*>(start) + header->e_phoff),
      header->e_phnum, base, found);
}

std::uint32_t usable(std::uint32_t id) noexcept {
  return id == 0 || id >= repeated_frames ? 1 : id;
}

// What identifies a module in all processes: its path and its contents, so that a library which has been
// replaced on disk is another one. By its build id, or, if it has none, by how its segments lie. 0 is the
// program itself, whose build ids are compared when a child starts. `start`: where its ELF header is mapped.
// Async-signal-safe.
std::uint32_t module_id(const char* path, ElfW(Addr) base, std::uintptr_t start) noexcept {
  if (path == nullptr || *path == '\0')
    return 0;
  fingerprint print;
  print.add(path, std::strlen(path));
  const auto* header = reinterpret_cast<const ElfW(Ehdr)*>(start);
  if (std::memcmp(header->e_ident, ELFMAG, SELFMAG) == 0) {
    const auto* segments = reinterpret_cast<const ElfW(Phdr)*>(start + header->e_phoff);
    build_id id;
    find_build_id(segments, header->e_phnum, base, id);
    if (id.length != 0)
      print.add(id.bytes.data(), id.length);
    else
      print.add(segments, header->e_phnum * sizeof *segments);
  }
  return usable(print.value());
}

std::uint32_t module_id(const dl_phdr_info& info) noexcept {
  const auto page = static_cast<std::uintptr_t>(::getpagesize());
  for (int i = 0; i < info.dlpi_phnum; ++i) // the first that is loaded has the header
    if (info.dlpi_phdr[i].p_type == PT_LOAD)
      return module_id(
        info.dlpi_name, info.dlpi_addr, info.dlpi_addr + info.dlpi_phdr[i].p_vaddr / page * page);
  return no_module;
}

// A module that was found, for as long as no other is loaded or unloaded.
struct found_module {
  unsigned long long loaded = 0;
  unsigned long long unloaded = 0;
  std::uint32_t id = no_module;
  ElfW(Addr) base = 0;
  const ElfW(Phdr) * segments = nullptr;
  std::size_t count = 0;

  bool holds(std::uint32_t wanted, const dl_phdr_info& now) const noexcept {
    return id == wanted && loaded == now.dlpi_adds && unloaded == now.dlpi_subs;
  }

  std::optional<std::uintptr_t> address_of(std::uintptr_t offset) const noexcept {
    for (std::size_t i = 0; i < count; ++i)
      if (segments[i].p_type == PT_LOAD && offset >= segments[i].p_vaddr &&
          offset < segments[i].p_vaddr + segments[i].p_memsz)
        return base + offset;
    return std::nullopt;
  }
};

} // namespace

build_id image_build_id() {
  build_id found;
  ::dl_iterate_phdr(
    [](dl_phdr_info* info, std::size_t, void* out) {
      find_build_id(
        info->dlpi_phdr, info->dlpi_phnum, info->dlpi_addr, *static_cast<build_id*>(out));
      return 1; // the program is the first module
    },
    &found);
  dl_find_object own{};
  if (::_dl_find_object(reinterpret_cast<void*>(&image_build_id), &own) != 0 ||
      own.dlfo_link_map == nullptr || *own.dlfo_link_map->l_name == '\0')
    return found;
  build_id library;
  find_build_id(own.dlfo_map_start, own.dlfo_link_map->l_addr, library);
  if (found.length == 0 || library.length == 0)
    return {};
  for (std::size_t i = 0; i < max_build_id_bytes; ++i)
    found.bytes[i] ^= library.bytes[i];
  found.length = std::max(found.length, library.length);
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
  const auto start = reinterpret_cast<std::uintptr_t>(found.dlfo_map_start);
  return {module_id(module->l_name, module->l_addr, start), address - module->l_addr};
}

named_module module_in_signal_handler(std::uintptr_t address) noexcept {
  named_module result;
  dl_find_object found{};
  if (::_dl_find_object(reinterpret_cast<void*>(address), &found) != 0 ||
      found.dlfo_link_map == nullptr)
    return result;
  const auto* module = found.dlfo_link_map;
  result.id = module_id(
    module->l_name, module->l_addr, reinterpret_cast<std::uintptr_t>(found.dlfo_map_start));
  if (module->l_name != nullptr)
    result.path = module->l_name;
  find_build_id(found.dlfo_map_start, module->l_addr, result.build);
  return result;
}

std::optional<std::uintptr_t> address_of(const code_location& place) {
  thread_local found_module last; // most tasks are in the module of the one before
  struct search {
    std::uint32_t module;
    bool found;
  } wanted{place.module, false};
  ::dl_iterate_phdr(
    [](dl_phdr_info* info, std::size_t, void* out) {
      auto& s = *static_cast<search*>(out);
      s.found = last.holds(s.module, *info);
      if (!s.found && module_id(*info) == s.module) {
        last = {info->dlpi_adds, info->dlpi_subs, s.module, info->dlpi_addr, info->dlpi_phdr,
          info->dlpi_phnum};
        s.found = true;
      }
      return s.found ? 1 : 0;
    },
    &wanted);
  return wanted.found ? last.address_of(place.offset) : std::nullopt;
}

loaded_module load_module(const std::string& path) {
  void* const handle = ::dlopen(path.c_str(), RTLD_NOW);
  if (handle == nullptr) {
    const char* const problem = ::dlerror();
    throw std::runtime_error(problem != nullptr ? problem : "it cannot be loaded: " + path);
  }
  const link_map* loaded = nullptr;
  if (::dlinfo(handle, RTLD_DI_LINKMAP, &loaded) != 0)
    throw std::runtime_error(::dlerror());
  // Any place in it will do, and its dynamic section is one.
  const auto place = locate_in_signal_handler(reinterpret_cast<std::uintptr_t>(loaded->l_ld));
  return {place.module, loaded->l_name};
}

namespace {

// Calls `use(const dl_phdr_info&)` for the loaded module with that id, if there is one.
template <class Use>
void with_module(std::uint32_t id, Use use) {
  struct search {
    std::uint32_t id;
    Use& use;
  } wanted{id, use};
  ::dl_iterate_phdr(
    [](dl_phdr_info* info, std::size_t, void* out) {
      auto& s = *static_cast<search*>(out);
      if (module_id(*info) != s.id)
        return 0;
      s.use(*info);
      return 1;
    },
    &wanted);
}

} // namespace

std::string module_path(std::uint32_t id) {
  std::string path;
  with_module(id, [&](const dl_phdr_info& found) { path = found.dlpi_name; });
  return path;
}

std::uint32_t module_id_of(const std::string& path, const build_id& build) {
  fingerprint print;
  print.add(path.data(), path.size());
  print.add(build.bytes.data(), build.length);
  return usable(print.value());
}

build_id file_build_id(const std::string& path) {
  build_id found;
  const base::unique_fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  ElfW(Ehdr) header;
  struct stat facts {};
  if (!file || ::fstat(file.get(), &facts) != 0 || !S_ISREG(facts.st_mode) ||
      ::pread(file.get(), &header, sizeof header, 0) != sizeof header ||
      std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0)
    return found;
  constexpr std::size_t most_note_bytes = 4096;
  for (std::size_t i = 0; i < header.e_phnum && found.length == 0; ++i) {
    ElfW(Phdr) segment;
    std::array<char, most_note_bytes> notes{};
    if (::pread(file.get(), &segment, sizeof segment,
          static_cast<off_t>(header.e_phoff + i * sizeof segment)) != sizeof segment)
      return found;
    if (segment.p_type != PT_NOTE || segment.p_filesz > notes.size() ||
        ::pread(file.get(), notes.data(), segment.p_filesz, static_cast<off_t>(segment.p_offset)) !=
          static_cast<ssize_t>(segment.p_filesz))
      continue;
    find_build_id_in(notes.data(), notes.data() + segment.p_filesz, found);
  }
  return found;
}

build_id module_build_id(std::uint32_t id) {
  build_id build;
  with_module(id, [&](const dl_phdr_info& found) {
    find_build_id(found.dlpi_phdr, found.dlpi_phnum, found.dlpi_addr, build);
  });
  return build;
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
    ::dl_iterate_phdr(
      [](dl_phdr_info* info, std::size_t, void* out) {
        auto& range = *static_cast<program_range*>(out);
        range.base = info->dlpi_addr;
        for (int i = 0; i < info->dlpi_phnum; ++i) {
          const auto& segment = info->dlpi_phdr[i];
          if (segment.p_type != PT_LOAD)
            continue;
          const auto start = range.base + segment.p_vaddr;
          range.begin = range.end == 0 ? start : std::min<std::uintptr_t>(range.begin, start);
          range.end = std::max<std::uintptr_t>(range.end, start + segment.p_memsz);
        }
        return 1; // the program is the first module
      },
      this);
  }
};

const program_range& program() {
  static const program_range range;
  return range;
}

} // namespace

code_location locate(void (*function)()) {
  const auto address = reinterpret_cast<std::uintptr_t>(function);
  const auto& own = program();
  if (address >= own.begin && address < own.end)
    return {0, address - own.base};
  const auto place = os::locate_in_signal_handler(address);
  if (place.module == os::no_module)
    throw encode_error("the function of a task is in no module of this program");
  return place;
}

void (*function_at(const code_location& place))() {
  if (place == code_location{})
    return nullptr;
  const auto& own = program();
  if (place.module == 0 && own.begin != 0) {
    const auto address = own.base + place.offset;
    return address >= own.begin && address < own.end ? reinterpret_cast<void (*)()>(address)
                                                     : nullptr;
  }
  return reinterpret_cast<void (*)()>(os::address_of(place).value_or(0));
}

} // namespace detail
} // namespace troupe
