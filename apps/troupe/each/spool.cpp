#include "each/spool.hpp"

#include "problems.hpp"
#include "text/terminal_text.hpp"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include <sys/stat.h>
#include <unistd.h>

namespace troupe_cli {
namespace {

broken_problem problem(const std::string& begin) {
  const int number = errno;
  return broken_problem(begin + "\": " + std::strerror(number) + "; --spool names another place");
}

} // namespace

spool_folder spool_folder::make(const std::string& parent) {
  const char* usual = std::getenv("TMPDIR");
  const auto folder = !parent.empty() ? parent : usual && *usual ? std::string(usual) : "/tmp";
  auto path = folder + "/troupe-XXXXXX";
  if (!::mkdtemp(path.data()))
    throw problem("cannot make a folder for outputs in \"" + text::printable(folder));
  return spool_folder(std::filesystem::absolute(path));
}

spool_folder spool_folder::open(const std::string& path) {
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST)
    throw problem("cannot make the folder for outputs \"" + text::printable(path));
  return spool_folder(std::filesystem::absolute(path));
}

spool_folder::~spool_folder() {
  if (path_.empty() || ::rmdir(path_.c_str()) == 0 || kept_)
    return;
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

} // namespace troupe_cli
