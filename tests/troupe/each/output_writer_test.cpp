#include "each/output_writer.hpp"
#include "problems.hpp"
#include "support/catch.hpp"
#include "troupe/command/running.hpp"

#include <fcntl.h>
#include <unistd.h>

using namespace troupe_cli;
using troupe::test::contents;
using troupe::test::test_folder;

namespace {

/// Stdout is that file while this exists.
class redirected {
public:
  explicit redirected(const std::string& file)
    : saved_(::dup(STDOUT_FILENO)) {
    const int fd = ::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    ::dup2(fd, STDOUT_FILENO);
    ::close(fd);
  }
  redirected(const redirected&) = delete;
  redirected& operator=(const redirected&) = delete;
  ~redirected() {
    ::dup2(saved_, STDOUT_FILENO);
    ::close(saved_);
  }

private:
  int saved_;
};

output saying(std::uint64_t number, const std::string& text) {
  return {number, 0, "in", {text, "", text.size()}, {}};
}

output_writer::options quiet(bool keep_order, const std::string& spool) {
  return {.keep_order = keep_order, .spool = spool, .before = [] {}};
}

} // namespace

TEST_CASE("outputs come as they are added, or in order") {
  const test_folder folder;
  for (const bool in_order : {false, true}) {
    const auto file = folder / (in_order ? "ordered" : "as added");
    const redirected to(file);
    output_writer writer(quiet(in_order, folder.path()));
    writer.add(saying(2, "two\n"));
    writer.show();
    writer.add(saying(3, ""));
    writer.add(saying(1, "one\n"));
    writer.add(saying(5, "five\n"));
    writer.show();
    writer.release();
    writer.show();
  }
  CHECK(contents(folder / "as added") == "two\none\nfive\n");
  CHECK(contents(folder / "ordered") == "one\ntwo\nfive\n");
}

TEST_CASE("outputs that wait for their turn are kept in files when they are many") {
  const test_folder folder;
  const std::string large(9 << 20, 'x');
  const redirected to(folder / "out");
  output_writer writer(quiet(true, folder.path()));
  writer.add(saying(3, large));
  writer.add(saying(2, large));
  CHECK(std::filesystem::exists(folder / "held-1"));
  writer.add(saying(1, ""));
  writer.show();
  CHECK(std::filesystem::file_size(folder / "out") == 2 * large.size());
  CHECK_FALSE(std::filesystem::exists(folder / "held-1"));
}

TEST_CASE("a disk that is full is named, and so is a place for what waits") {
  const test_folder folder;
  const redirected to("/dev/full");
  output_writer writer(quiet(false, folder.path()));
  writer.add(saying(1, "x"));
  CHECK_THROWS_WITH(writer.show(), "cannot write to stdout: No space left on device");
  output_writer homeless(quiet(true, "/no/where"));
  homeless.add(saying(2, std::string(10 << 20, 'x')));
  CHECK_THROWS_WITH(homeless.add(saying(3, std::string(10 << 20, 'x'))),
    "cannot keep outputs in \"/no/where/held-1\": No such file or directory");
}
