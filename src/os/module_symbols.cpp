#include "os/module_symbols.hpp"

#include "base/unique_fd.hpp"

#include <boost/core/demangle.hpp>

#include <algorithm>
#include <memory>

#include <elfutils/libdwfl.h>
#include <fcntl.h>
#include <sys/stat.h>

namespace troupe::os {

namespace {

const Dwfl_Callbacks files_only{
  &dwfl_build_id_find_elf, &dwfl_standard_find_debuginfo, &dwfl_offline_section_address, nullptr};

bool is_same(Dwfl_Module* found, const build_id& wanted) {
  const unsigned char* bits = nullptr;
  GElf_Addr ignored = 0;
  const auto length = dwfl_module_build_id(found, &bits, &ignored);
  return length > 0 && static_cast<std::uint32_t>(length) == wanted.length &&
         std::equal(bits, bits + length, wanted.bytes.begin());
}

} // namespace

module_symbol find_in_file(const known_module& module, std::uint64_t offset) {
  // A device or a pipe could keep whoever opens it, or reads it; and what the path names may change at any time.
  base::unique_fd opened(::open(module.path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  struct stat what {};
  if (module.build.length == 0 || !opened || ::fstat(opened.get(), &what) != 0 ||
      !S_ISREG(what.st_mode))
    return {};
  const std::unique_ptr<Dwfl, decltype(&dwfl_end)> session(dwfl_begin(&files_only), &dwfl_end);
  if (!session)
    return {};
  dwfl_report_begin(session.get());
  auto* const found = dwfl_report_offline(session.get(), "", module.path.c_str(), opened.get());
  if (found != nullptr)
    static_cast<void>(opened.release()); // the session has it
  dwfl_report_end(session.get(), nullptr, nullptr);
  GElf_Addr bias = 0;
  if (found == nullptr || dwfl_module_getelf(found, &bias) == nullptr ||
      !is_same(found, module.build))
    return {};
  module_symbol result;
  if (const char* name = dwfl_module_addrname(found, offset + bias))
    result.function = boost::core::demangle(name);
  if (auto* const source = dwfl_module_getsrc(found, offset + bias))
    if (const char* file = dwfl_lineinfo(source, nullptr, &result.line, nullptr, nullptr, nullptr))
      result.file = file;
  return result;
}

} // namespace troupe::os
