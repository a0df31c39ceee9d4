#pragma once

#include "os/image.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

namespace troupe::os {

/// What is known of a module that other processes have loaded, and this one may not have.
struct known_module {
  std::string path; ///< printable
  build_id build;
};

/// Remembers it, for whoever shows a place in that module. The latest ones only, if there are very many. Thread-safe.
void note_module(std::uint32_t id, const std::string& path, const build_id& build);

/// Remembers the modules of a process that this one has not loaded, if one of these places is in such a module. Reads
/// /proc/PID/maps and the files that it names. Thread-safe.
void note_modules_of(pid_t process, const std::vector<code_location>& places);

/// Thread-safe.
std::optional<known_module> find_noted_module(std::uint32_t id);

/// "(/usr/lib/libfoo.so + 0x1234, build id 5f...)": what addr2line and debuginfod need. Not escaped. Thread-safe.
std::string text_of_place(const code_location& place);

/// One line a frame, as `symbolize`, without names: takes no time, and needs no libdw.
std::string text_of_places(const std::vector<code_location>& frames);

} // namespace troupe::os
