#include "test/recognition.hpp"

#include <troupe/testing/fork_tests.hpp>

#include <fcntl.h>
#include <gelf.h>
#include <libelf.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

namespace troupe_cli::test {
namespace {

/// A string that only one framework's own code has, or the library that it is in.
struct sign {
  framework which;
  std::string_view text;
  std::string_view library;
};

// Catch2 3 has an option that 2 had not, and not the other way round for long: so 3 is looked for first.
constexpr std::array signs{
  sign{
    framework::googletest, "This program contains tests written using Google Test", "libgtest.so"},
  sign{framework::catch2_3, "--allow-running-no-tests", "libCatch2"},
  sign{framework::catch2, "--list-test-names-only", "libCatch."},
  sign{framework::doctest, "dt-list-test-cases", "libdoctest"},
  sign{framework::boost_test, "BOOST_TEST_LIST_CONTENT", "libboost_unit_test_framework"},
};
constexpr std::array<std::string_view, 5> sanitizers{
  "libasan.so", "libtsan.so", "liblsan.so", "libclang_rt.", "libmsan.so"};
constexpr std::array<std::string_view, 4> sanitizer_strings{
  "AddressSanitizer: %s", "ThreadSanitizer: %s", "ASAN_OPTIONS", "TSAN_OPTIONS"};

struct descriptor {
  int fd = -1;
  ~descriptor() {
    if (fd >= 0)
      ::close(fd);
  }
};

class elf_file {
public:
  explicit elf_file(int fd)
    : elf_(elf_begin(fd, ELF_C_READ_MMAP, nullptr), &elf_end) {}

  bool is_elf() const { return elf_ && elf_kind(elf_.get()) == ELF_K_ELF; }

  std::vector<std::string> needed() const {
    std::vector<std::string> out;
    each_section([&](Elf_Scn* section, const GElf_Shdr& header) {
      if (header.sh_type != SHT_DYNAMIC || header.sh_entsize == 0)
        return;
      Elf_Data* data = elf_getdata(section, nullptr);
      const auto count = static_cast<int>(header.sh_size / header.sh_entsize);
      for (int i = 0; data != nullptr && i < count; ++i) {
        GElf_Dyn entry;
        if (gelf_getdyn(data, i, &entry) == nullptr || entry.d_tag != DT_NEEDED)
          continue;
        if (const char* name = elf_strptr(elf_.get(), header.sh_link, entry.d_un.d_val))
          out.emplace_back(name);
      }
    });
    return out;
  }

  /// The constants of the program: what is loaded, and neither code nor written to.
  std::vector<std::string_view> constants() const {
    std::vector<std::string_view> out;
    each_section([&](Elf_Scn* section, const GElf_Shdr& header) {
      const bool constant = header.sh_type == SHT_PROGBITS && (header.sh_flags & SHF_ALLOC) != 0 &&
                            (header.sh_flags & (SHF_EXECINSTR | SHF_WRITE | SHF_COMPRESSED)) == 0;
      Elf_Data* data = constant ? elf_rawdata(section, nullptr) : nullptr;
      if (data != nullptr && data->d_buf != nullptr)
        out.emplace_back(static_cast<const char*>(data->d_buf), data->d_size);
    });
    return out;
  }

private:
  template <class F>
  void each_section(F f) const {
    for (Elf_Scn* section = elf_nextscn(elf_.get(), nullptr); section != nullptr;
         section = elf_nextscn(elf_.get(), section)) {
      GElf_Shdr header;
      if (gelf_getshdr(section, &header) != nullptr)
        f(section, header);
    }
  }

  std::unique_ptr<Elf, decltype(&elf_end)> elf_;
};

bool contains(const std::vector<std::string_view>& where, std::string_view what) {
  return std::ranges::any_of(where, [what](std::string_view section) {
    return ::memmem(section.data(), section.size(), what.data(), what.size()) != nullptr;
  });
}

bool needs(const std::vector<std::string>& libraries, std::string_view prefix) {
  return std::ranges::any_of(
    libraries, [prefix](const std::string& each) { return each.starts_with(prefix); });
}

} // namespace

program_facts recognise(const std::string& path) {
  program_facts out;
  const descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  struct stat status {};
  if (file.fd < 0 || ::fstat(file.fd, &status) != 0) {
    out.problem = std::string("cannot be read: ") + std::strerror(errno);
    return out;
  }
  if (S_ISDIR(status.st_mode)) {
    out.problem = "is a directory";
    return out;
  }
  if (::access(path.c_str(), X_OK) != 0) {
    out.problem = "may not be executed";
    return out;
  }
  elf_version(EV_CURRENT);
  const elf_file elf(file.fd);
  if (!elf.is_elf())
    return out;
  const auto libraries = elf.needed();
  const auto constants = elf.constants();
  const auto found = std::ranges::find_if(signs, [&](const sign& each) {
    return needs(libraries, each.library) || contains(constants, each.text);
  });
  if (found != signs.end())
    out.framework = found->which;
  out.sanitized =
    std::ranges::any_of(sanitizers, [&](auto each) { return needs(libraries, each); }) ||
    std::ranges::any_of(sanitizer_strings, [&](auto each) { return contains(constants, each); });
  out.forks_tests = contains(constants, troupe::testing::detail::forks_tests_sign) &&
                    !contains(constants, "LLVM_PROFILE_FILE");
  return out;
}

std::string stamp_of(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0)
    return {};
  return std::to_string(status.st_dev) + '-' + std::to_string(status.st_ino) + '-' +
         std::to_string(status.st_size) + '-' + std::to_string(status.st_mtim.tv_sec) + '-' +
         std::to_string(status.st_mtim.tv_nsec);
}

} // namespace troupe_cli::test
