#include "config_file.hpp"

#include "support/catch.hpp"

#include <cstring>

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

using config_test::error_of;
using config_test::error_of_file;
using config_test::temporary_directory;
using config_test::write_file;

namespace {

std::string repeat(std::string_view text, std::size_t times) {
  std::string out;
  for (std::size_t i = 0; i < times; ++i)
    out += text;
  return out;
}

// File permissions do not apply to root.
class as_somebody_else {
public:
  as_somebody_else() {
    if (::geteuid() == 0)
      is_root_ = ::seteuid(65534) == 0;
  }
  as_somebody_else(const as_somebody_else&) = delete;
  as_somebody_else& operator=(const as_somebody_else&) = delete;
  ~as_somebody_else() {
    if (is_root_ && ::seteuid(0) != 0)
      std::abort();
  }

private:
  bool is_root_ = false;
};

} // namespace

TEST_CASE("a file that is missing is reported") {
  const temporary_directory dir;
  CHECK(error_of_file(dir / "no.toml") == "no.toml: cannot open: No such file or directory");
  CHECK(error_of_file("") == "\"\": cannot open: No such file or directory");
  write_file(dir / "file", "");
  CHECK(error_of_file(dir / "file/troupe.toml") == "troupe.toml: cannot open: Not a directory");
}

TEST_CASE("a file that may not be read is reported") {
  const temporary_directory dir;
  write_file(dir / "troupe.toml", "");
  ::chmod((dir / "troupe.toml").c_str(), 0);
  const as_somebody_else somebody_else;
  CHECK(error_of_file(dir / "troupe.toml") == "troupe.toml: cannot open: Permission denied");
}

TEST_CASE("a file that cannot be read is reported") {
  CHECK(error_of_file("/proc/self/mem") == "mem: cannot read: Input/output error");
}

TEST_CASE("a loop of symbolic links is reported") {
  const temporary_directory dir;
  std::filesystem::create_symlink("loop.toml", dir / "loop.toml");
  CHECK(error_of_file(dir / "loop.toml") ==
        "loop.toml: cannot open: Too many levels of symbolic links");
}

TEST_CASE("a directory is not a configuration file") {
  const temporary_directory dir;
  CHECK(error_of_file(dir / ".") == ".: is a directory, not a file");
}

TEST_CASE("a FIFO without a writer does not block") {
  const temporary_directory dir;
  REQUIRE(::mkfifo((dir / "fifo").c_str(), 0600) == 0);
  CHECK(error_of_file(dir / "fifo") == "fifo: is a FIFO, not a file");
}

TEST_CASE("devices and sockets are not configuration files") {
  CHECK(error_of_file("/dev/zero") == "zero: is not a regular file");
  const temporary_directory dir;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, (dir / "socket").c_str(), sizeof(address.sun_path) - 1);
  const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
  REQUIRE(::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0);
  CHECK(error_of_file(dir / "socket") == "socket: is not a regular file");
  ::close(fd);
}

TEST_CASE("a file name with control characters is escaped in the message") {
  const temporary_directory dir;
  CHECK(error_of_file(dir / "a\n\x1b[31m\xff.toml") ==
        "a\\n\\x1b[31m\\xff.toml: cannot open: No such file or directory");
  CHECK(error_of_file(std::string("a\0b", 3)) == "a\\x00b: file name with a NUL character");
}

TEST_CASE("of a long file name the message has the end") {
  const auto message = error_of_file(repeat("x/", 3000) + "troupe.toml");
  CHECK(message.size() < 350);
  CHECK_THAT(message, Catch::StartsWith("...") && Catch::Contains("troupe.toml: cannot open: "));
}

TEST_CASE("a file of 1 MiB is read and one of a byte more is not") {
  const auto comment = "#" + std::string(1024 * 1024 - 1, 'x');
  CHECK(error_of(comment) == "");
  CHECK(error_of(comment + "x") == "troupe.toml: is larger than 1 MiB");
}

TEST_CASE("a file of 1 GiB is refused without reading it") {
  const temporary_directory dir;
  write_file(dir / "large.toml", "");
  std::filesystem::resize_file(dir / "large.toml", std::uintmax_t{1} << 30);
  CHECK(error_of_file(dir / "large.toml") == "large.toml: is larger than 1 MiB");
}

TEST_CASE("a file that does not tell its size is read to the limit only") {
  // procfs says 0 bytes for all of its files.
  const temporary_directory dir;
  CHECK_THAT(error_of_file("/proc/self/status"), Catch::StartsWith("status:1:"));
}

TEST_CASE("NUL characters are refused wherever they are") {
  using namespace std::string_view_literals;
  CHECK(error_of("# a\0b\n"sv) == "troupe.toml:1:4: NUL character");
  CHECK(error_of("[pool.web]\nproc\0esses = 1\n"sv) == "troupe.toml:2:5: NUL character");
  CHECK(error_of("[app.a]\nb = 'x\0'\n"sv) == "troupe.toml:2:7: NUL character");
  CHECK(error_of("\0"sv) == "troupe.toml:1:1: NUL character");
}

TEST_CASE("text that is not UTF-8 is refused where it starts") {
  using namespace std::string_view_literals;
  CHECK(error_of("# ok\n# \u00fc\xff\n") == "troupe.toml:2:4: not valid UTF-8");
  CHECK(error_of("[app.a]\nb = \"\xC0\xAF\"") == "troupe.toml:2:6: not valid UTF-8");
  CHECK(error_of("# \xED\xA0\x80") == "troupe.toml:1:3: not valid UTF-8");
  CHECK(error_of("# \xF4\x90\x80\x80") == "troupe.toml:1:3: not valid UTF-8");
  CHECK(error_of("# \xE2\x82") == "troupe.toml:1:3: not valid UTF-8");
  CHECK(error_of("\xFF\xFE[\0p\0"sv) == "troupe.toml:1:1: not valid UTF-8");
}

TEST_CASE("characters that are not ASCII are refused outside of strings and comments") {
  CHECK(
    error_of("[pool.b\u00fccher]\n") == "troupe.toml:1:8: \"\u00fc\" outside of quotation marks");
  CHECK(error_of("[pool.a]\nstart_timeout = \u201c30s\u201d\n") ==
        "troupe.toml:2:17: \"\u201c\" outside of quotation marks");
  CHECK(error_of("[pool.a]\n\u3000processes = 1\n") ==
        "troupe.toml:2:1: \"\u3000\" outside of quotation marks");
  CHECK(error_of("[pool.a]\n\xEF\xBB\xBF[pool.b]\n") ==
        "troupe.toml:2:1: \"\xEF\xBB\xBF\" outside of quotation marks");
  CHECK(error_of("[app.a]\nb = '\u00fc' # \u00fc\n\"\u00fc\" = \"\"\"\n\u00fc\"\"\"\n") == "");
}

TEST_CASE("characters that are not ASCII are refused behind a backslash") {
  const std::string problem = ": \"\\\" with a character behind it that is not ASCII";
  CHECK(error_of("[app.a]\nb = \"\\\u00fc\"\n") == "troupe.toml:2:6" + problem);
  CHECK(error_of("[app.a]\nb = \"\"\"\\\n  \u00fc\"\"\"\n") == "troupe.toml:2:8" + problem);
  CHECK(error_of("[app.a]\nb = \"\"\"\\\n  a\u00fc\\\\\u00fc\"\"\"\n") == "");
  CHECK(error_of("[app.a]\nb = '\\\u00fc'\nc = \"\"\"a\\\n\"\"\"\n") == "");
}

TEST_CASE("values nested too deeply are refused") {
  for (const auto* open : {"[", "{a="}) {
    INFO(open);
    CHECK_THAT(error_of("[app.a]\nb = " + repeat(open, 250'000)),
      Catch::StartsWith("troupe.toml:2:") &&
        Catch::Contains("exceeded maximum nested value depth"));
  }
}

TEST_CASE("keys with too many parts are refused") {
  const std::string problem = ": key with more than 16 parts";
  CHECK(error_of(repeat("a.", 500'000) + "a = 1") == "troupe.toml:1:32" + problem);
  CHECK(error_of("\n[" + repeat("\"a\" . ", 150'000) + "a]") == "troupe.toml:2:96" + problem);
  CHECK(error_of("[[" + repeat("a.", 500'000) + "a]]") == "troupe.toml:1:34" + problem);
  CHECK(error_of("x = {" + repeat("a.", 500'000) + "a = 1}") == "troupe.toml:1:37" + problem);
  CHECK(error_of("x = '''\n''''' \n" + repeat("a.", 500'000)) == "troupe.toml:3:32" + problem);
  CHECK(error_of("x = \"\\\"\" # \"\n" + repeat("a.", 500'000)) == "troupe.toml:2:32" + problem);
}

TEST_CASE("the deepest tables that keys and values can make together do not overflow the stack") {
  const auto key = repeat("a.", 15) + "a";
  const auto values = repeat("{" + key + " = ", 255) + "1" + repeat("}", 255);
  CHECK_THAT(error_of("[" + key + "]\n" + key + " = " + values),
    Catch::StartsWith("troupe.toml:1:2: a: unknown key"));
}

TEST_CASE("dots inside strings and comments do not count as parts of keys") {
  const auto dots = repeat(".", 1000);
  CHECK(error_of("[app.a]\nb = '" + dots + "' # " + dots) == "");
  CHECK(error_of("[app.a]\nb = \"\\\"" + dots + "\\\\\"\nc = 'x\\'\n# " + dots) == "");
  CHECK(error_of(
          "[app.a]\nb = \"\"\"" + dots + "\n\"\"" + dots + "\"\"\"\"\"\nc = '" + dots + "'") == "");
  CHECK(error_of("[app.\"" + dots + "\"]\n") == "");
  CHECK(error_of("[app.a]\nb = ''\nc = \"\"\nd = 1.5 # " + dots) == "");
}

TEST_CASE("a syntax error is reported where it is") {
  CHECK_THAT(error_of("[pool.web]\nprocesses 4\n"),
    Catch::StartsWith("troupe.toml:2:11: ") && Catch::Contains("expected '='"));
  CHECK_THAT(error_of("[.web]\n"), Catch::StartsWith("troupe.toml:1:2: "));
  CHECK_THAT(error_of("[pool..web]\n"), Catch::StartsWith("troupe.toml:1:7: "));
  CHECK_THAT(error_of("[pool.web\n"), Catch::StartsWith("troupe.toml:1:10: "));
  CHECK_THAT(error_of("[app.a]\nb = \"x\x1b[31m\"\n"), Catch::StartsWith("troupe.toml:2:7: "));
}

TEST_CASE("a key or a table that is there twice is reported at the second one") {
  CHECK_THAT(error_of("[pool.web]\nprocesses = 1\nprocesses = 2\n"),
    Catch::StartsWith("troupe.toml:3:") && Catch::Contains("cannot redefine existing integer") &&
      Catch::Contains("'processes'"));
  CHECK_THAT(error_of("[pool.web]\n[pool.api]\n[pool.web]\n"),
    Catch::StartsWith("troupe.toml:3:1: ") &&
      Catch::Contains("cannot redefine existing table 'pool.web'"));
}

TEST_CASE("a syntax error that quotes the file is escaped and cut off") {
  CHECK_THAT(error_of("\"a\u009b\" = 1\n\"a\u009b\" = 2\n"), Catch::Contains("a\\u009b"));
  const std::string key(100'000, 'k');
  CHECK(error_of(key + " = 1\n" + key + " = 2\n").size() < 400);
}
