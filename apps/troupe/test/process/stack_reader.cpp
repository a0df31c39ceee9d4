#include "test/process/stack_reader.hpp"

#include <cxxabi.h>
#include <elfutils/libdwfl.h>

#include <cstdio>
#include <cstdlib>
#include <memory>

namespace troupe_cli::test {
namespace {

constexpr int most_frames = 64;

struct reading {
  Dwfl* dwfl;
  std::string text;
  int frames = 0;
};

std::string demangled(const char* name) {
  int status = 0;
  const std::unique_ptr<char, decltype(&std::free)> out{
    abi::__cxa_demangle(name, nullptr, nullptr, &status), &std::free};
  return status == 0 && out ? std::string(out.get()) : std::string(name);
}

void append_line(Dwfl_Module* module, Dwarf_Addr address, std::string& to) {
  Dwfl_Line* line = dwfl_module_getsrc(module, address);
  int number = 0;
  const char* file =
    line == nullptr ? nullptr : dwfl_lineinfo(line, nullptr, &number, nullptr, nullptr, nullptr);
  if (file != nullptr) {
    to.append(" at ").append(file).append(":").append(std::to_string(number));
    return;
  }
  const char* path =
    dwfl_module_info(module, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr);
  if (path != nullptr)
    to.append(" in ").append(path);
}

int add_frame(Dwfl_Frame* frame, void* argument) {
  auto& to = *static_cast<reading*>(argument);
  Dwarf_Addr address = 0;
  bool is_activation = false;
  if (!dwfl_frame_pc(frame, &address, &is_activation))
    return DWARF_CB_ABORT;
  if (!is_activation && address != 0)
    --address; // the return address belongs to what follows the call
  to.text.append("  #").append(std::to_string(to.frames)).append(" ");
  Dwfl_Module* module = dwfl_addrmodule(to.dwfl, address);
  const char* name = module == nullptr ? nullptr : dwfl_module_addrname(module, address);
  if (name != nullptr) {
    to.text += demangled(name);
  } else {
    char hex[24];
    std::snprintf(hex, sizeof hex, "0x%llx", static_cast<unsigned long long>(address));
    to.text += hex;
  }
  if (module != nullptr)
    append_line(module, address, to.text);
  to.text += '\n';
  return ++to.frames < most_frames ? DWARF_CB_OK : DWARF_CB_ABORT;
}

char* no_debuginfo_path = nullptr;
constexpr Dwfl_Callbacks callbacks{
  dwfl_linux_proc_find_elf, dwfl_standard_find_debuginfo, nullptr, &no_debuginfo_path};

} // namespace

struct stack_reader::state {
  Dwfl* dwfl = nullptr;
  std::string problem{};
};

stack_reader::stack_reader(pid_t process)
  : state_(std::make_unique<state>()) {
  state_->dwfl = dwfl_begin(&callbacks);
  // The tracer is this thread, which stops and continues the others itself.
  if (state_->dwfl == nullptr || dwfl_linux_proc_report(state_->dwfl, process) != 0 ||
      dwfl_report_end(state_->dwfl, nullptr, nullptr) != 0 ||
      dwfl_linux_proc_attach(state_->dwfl, process, true) != 0) {
    const char* why = dwfl_errmsg(-1);
    state_->problem = why == nullptr ? "unknown" : why;
  }
}

stack_reader::~stack_reader() {
  if (state_->dwfl != nullptr)
    dwfl_end(state_->dwfl);
}

std::string stack_reader::read(pid_t thread) {
  if (!state_->problem.empty())
    return "  (no stack: " + state_->problem + ")\n";
  reading out{state_->dwfl, {}};
  dwfl_getthread_frames(state_->dwfl, thread, add_frame, &out);
  if (out.frames == 0) {
    const char* why = dwfl_errmsg(-1);
    return std::string("  (no stack: ") + (why == nullptr ? "unknown" : why) + ")\n";
  }
  return std::move(out.text);
}

} // namespace troupe_cli::test
