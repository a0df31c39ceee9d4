#include "test/temporary_folder.hpp"

#include "test/remove_folder.hpp"

#include <cerrno>
#include <cstdlib>
#include <system_error>

namespace troupe_cli::test {

temporary_folder::temporary_folder() {
  const char* parent = std::getenv("TMPDIR");
  path_ =
    std::string(parent != nullptr && *parent == '/' ? parent : "/tmp") + "/troupe-test-XXXXXX";
  if (::mkdtemp(path_.data()) == nullptr)
    throw std::system_error(
      errno, std::generic_category(), "cannot make the folder \"" + path_ + "\"");
}

temporary_folder::~temporary_folder() {
  remove_folder(path_);
}

} // namespace troupe_cli::test
