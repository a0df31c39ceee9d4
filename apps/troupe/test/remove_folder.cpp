#include "test/remove_folder.hpp"

#include <filesystem>
#include <system_error>

namespace troupe_cli::test {
namespace {

namespace fs = std::filesystem;

/// A folder is opened up before it is looked into.
void open_up(const fs::path& folder) {
  std::error_code error;
  fs::permissions(folder, fs::perms::owner_all, fs::perm_options::add, error);
  for (fs::directory_iterator each(folder, error), end; !error && each != end;
       each.increment(error)) {
    std::error_code unknown;
    if (each->symlink_status(unknown).type() == fs::file_type::directory)
      open_up(each->path());
  }
}

} // namespace

void remove_folder(const std::string& path) {
  std::error_code error;
  fs::remove_all(path, error);
  if (!error)
    return;
  if (fs::symlink_status(path, error).type() == fs::file_type::directory)
    open_up(path);
  fs::remove_all(path, error);
}

} // namespace troupe_cli::test
