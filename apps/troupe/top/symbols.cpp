#include "top/symbols.hpp"

#include "text/terminal_text.hpp"

#include <troupe/errors.hpp>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include <cxxabi.h>
#include <elfutils/libdwfl.h>

namespace troupe_cli {

namespace {

constexpr std::size_t most_known = 100'000;

std::string hex(std::uint64_t value) {
  char text[24];
  std::snprintf(text, sizeof text, "0x%llx", static_cast<unsigned long long>(value));
  return text;
}

std::string demangled(const char* name) {
  int status = 0;
  const std::unique_ptr<char, decltype(&std::free)> plain(
    abi::__cxa_demangle(name, nullptr, nullptr, &status), &std::free);
  return plain ? plain.get() : name;
}

// A lambda, or a function that is a template's argument, is run by code whose name has it inside: only that is of
// interest.
std::string without_wrapping(const std::string& name) {
  constexpr std::string_view before = "troupe::detail::thunks<";
  const auto at = name.find(before);
  if (at == std::string::npos)
    return name;
  const auto begin = at + before.size();
  int depth = 1;
  auto end = begin;
  for (; end < name.size() && depth > 0; ++end)
    depth += name[end] == '<' ? 1 : name[end] == '>' ? -1 : 0;
  return name.substr(begin, end - begin - (depth == 0 ? 1 : 0));
}

} // namespace

class symbols::file {
public:
  explicit file(const std::string& path) {
    static const Dwfl_Callbacks callbacks{
      .find_elf = nullptr,
      .find_debuginfo = &dwfl_standard_find_debuginfo,
      .section_address = &dwfl_offline_section_address,
      .debuginfo_path = nullptr,
    };
    session_.reset(dwfl_begin(&callbacks));
    if (!session_)
      return;
    dwfl_report_begin(session_.get());
    module_ = dwfl_report_offline(session_.get(), "module", path.c_str(), -1);
    dwfl_report_end(session_.get(), nullptr, nullptr);
    if (module_ != nullptr && dwfl_module_getelf(module_, &bias_) == nullptr)
      module_ = nullptr;
  }

  description describe(std::uint64_t offset) const {
    description result;
    if (module_ == nullptr)
      return result;
    const auto address = bias_ + offset;
    if (const char* name = dwfl_module_addrname(module_, address))
      result.function = without_wrapping(demangled(name));
    if (auto* const line = dwfl_module_getsrc(module_, address)) {
      int number = 0;
      if (const char* path = dwfl_lineinfo(line, nullptr, &number, nullptr, nullptr, nullptr))
        result.where = std::string(path) + ":" + std::to_string(number);
    }
    return result;
  }

private:
  struct end_session {
    void operator()(Dwfl* session) const { dwfl_end(session); }
  };
  std::unique_ptr<Dwfl, end_session> session_;
  Dwfl_Module* module_ = nullptr;
  GElf_Addr bias_ = 0;
};

symbols::symbols() = default;
symbols::~symbols() = default;

const symbols::description& symbols::describe(
  const module_files& modules, const code_place& place) {
  const auto found = modules.find(place.module);
  const auto path = found == modules.end() ? std::string() : found->second;
  if (known_.size() > most_known)
    known_.clear();
  const std::pair key(path, place.offset);
  if (const auto known = known_.find(key); known != known_.end())
    return known->second;
  description result;
  if (!path.empty()) {
    auto& known_file = files_[path];
    if (!known_file)
      known_file = std::make_unique<file>(path);
    result = known_file->describe(place.offset);
  }
  if (result.function.empty())
    result.function = path.empty() ? "?" : "? in " + path;
  if (result.where.empty())
    result.where = "+ " + hex(place.offset);
  else
    result.where = "at " + result.where;
  return known_.emplace(key, std::move(result)).first->second;
}

std::string symbols::frame(const module_files& modules, const code_place& place) {
  if (place.module == troupe::code_location::repeats) {
    const auto times =
      place.offset & ((std::uint64_t{1} << troupe::code_location::repeat_bits) - 1);
    const auto frames = place.offset >> troupe::code_location::repeat_bits;
    return (frames > 1 ? "the last " + std::to_string(frames) + " frames" : "the last frame") +
           " " + std::to_string(times) + " times more";
  }
  const auto& found = describe(modules, place);
  return text::printable(found.function + " " + found.where);
}

std::string symbols::function(const module_files& modules, const code_place& place) {
  const auto& found = describe(modules, place);
  return text::printable(found.function == "?" ? "? " + found.where : found.function);
}

std::string symbols::name_of(const module_files& modules, const task_label& label) {
  if (label.others)
    return "(others)";
  return label.name.empty() ? function(modules, label.function) : text::printable(label.name);
}

} // namespace troupe_cli
