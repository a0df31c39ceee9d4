// Files that include others, and what goes before them: the environment and the command line.
#include "config_file.hpp"

#include "support/catch.hpp"

using config_test::error_of_file;
using config_test::temporary_directory;
using config_test::write_file;
using namespace std::chrono_literals;

namespace {

// A variable of the environment, for as long as it lives.
class variable {
public:
  variable(const char* name, const char* value)
    : name_(name) {
    ::setenv(name, value, 1);
  }
  variable(const variable&) = delete;
  variable& operator=(const variable&) = delete;
  ~variable() { ::unsetenv(name_); }

private:
  const char* name_;
};

std::string without(std::string text, const std::string& part) {
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part))
    text.erase(at, part.size());
  return text;
}

} // namespace

TEST_CASE("a pattern includes the files that fit it, in the order of their names") {
  const temporary_directory dir;
  std::filesystem::create_directory(dir / "conf.d");
  write_file(dir / "troupe.toml", "include = 'conf.d/*.toml'\n[pool.main]\n");
  write_file(dir / "conf.d/2.toml", "[pool.b]\nspares = 2\n");
  write_file(dir / "conf.d/1.toml", "[pool.a]\nspares = 1\n[pool.main]\nspares = 3\n");
  const auto config = troupe::load_config(dir / "troupe.toml");
  CHECK(config.pool_names() == std::vector<std::string>{"a", "b", "main"});
  CHECK(config.pool("main").spares == 3);
  write_file(dir / "conf.d/2.toml", "[pool.a]\nspares = 2\n[pool.main]\nspares = 4\n");
  CHECK(error_of_file(dir / "troupe.toml") ==
        "conf.d/2.toml:2:1: pool.a.spares: is given already, at conf.d/1.toml:2:10\n"
        "conf.d/2.toml:4:1: pool.main.spares: is given already, at conf.d/1.toml:4:10");
}

TEST_CASE("a pattern in the name of the directory is none") {
  const temporary_directory dir;
  std::filesystem::create_directory(dir / "[x]*");
  write_file(dir / "[x]*/troupe.toml", "include = '*.inc'\n");
  write_file(dir / "[x]*/a.inc", "[pool.a]\n");
  CHECK(troupe::load_config(dir / "[x]*/troupe.toml").pool_names().size() == 1);
}

TEST_CASE(
  "a pattern that fits nothing includes nothing, and a name that is not there is an error") {
  const temporary_directory dir;
  write_file(dir / "troupe.toml", "include = ['x*.toml', 'y.toml', '', 5]\n");
  CHECK(error_of_file(dir / "troupe.toml") ==
        "troupe.toml:1:23: include: y.toml: cannot open: No such file or directory\n"
        "troupe.toml:1:33: include: expected the name of a file, found \"\"\n"
        "troupe.toml:1:37: include: expected a string, found an integer");
  write_file(dir / "troupe.toml", "include = 5\n");
  CHECK(error_of_file(dir / "troupe.toml") ==
        "troupe.toml:1:11: include: expected a string, or an array of strings, found an integer");
}

TEST_CASE("a file that includes itself is an error that shows the circle") {
  const temporary_directory dir;
  write_file(dir / "troupe.toml", "include = 'a.toml'\n");
  write_file(dir / "a.toml", "# one\ninclude = 'b.toml'\n");
  write_file(dir / "b.toml", "include = 'a.toml'\n");
  CHECK(error_of_file(dir / "troupe.toml") ==
        "b.toml:1:11: include: a circle: a.toml -> b.toml -> a.toml");
}

TEST_CASE("all problems of all files are told, in the order of the files") {
  const temporary_directory dir;
  write_file(dir / "troupe.toml", "include = 'a.toml'\n[pool.m]\nx = 1\n");
  write_file(dir / "a.toml", "[pool.a]\nspares = 'x'\n[pool.b]\ny = 1\n");
  const auto error = error_of_file(dir / "troupe.toml");
  CHECK_THAT(error, Catch::StartsWith("troupe.toml:3:1: pool.m.x: unknown key"));
  CHECK_THAT(
    error, Catch::Contains(
             "\na.toml:2:10: pool.a.spares: expected an integer, found a string\na.toml:4:1: "));
  write_file(dir / "a.toml", "[pool.a\n");
  CHECK_THAT(
    error_of_file(dir / "troupe.toml"), Catch::StartsWith("a.toml:1:8: Error while parsing"));
}

TEST_CASE("modules are found from where the file lies that names them") {
  const temporary_directory dir;
  std::filesystem::create_directory(dir / "conf.d");
  write_file(dir / "troupe.toml", "include = 'conf.d/a.toml'\nmodules = ['one.so', 'none.so']\n");
  write_file(dir / "conf.d/a.toml", "modules = '../two.so'\n");
  write_file(dir / "one.so", "");
  write_file(dir / "two.so", "");
  CHECK(error_of_file(dir / "troupe.toml") ==
        "troupe.toml:2:22: modules: none.so: there is no such file");
  write_file(dir / "none.so", "");
  const auto config = troupe::load_config(dir / "troupe.toml");
  REQUIRE(config.modules().size() == 3);
  CHECK(config.modules()[0] == dir / "one.so");
  CHECK(config.modules()[2] == dir / "conf.d/../two.so");
}

TEST_CASE("the environment goes before the file, and the command line before both") {
  const temporary_directory dir;
  write_file(
    dir / "troupe.toml", "[pool.web-1]\nprocesses = 2\n[pool.web]\n[app.shop]\nport = 1\n");
  const variable processes("TROUPE_POOL_WEB_1_PROCESSES", "3");
  const variable period("TROUPE_POOL_WEB_1_RESTART_PERIOD", "7s");
  const variable word("TROUPE_POOL_WEB_SCHEDULER", "by_key");
  const variable port("TROUPE_APP_SHOP_PORT", "\"80\"");
  const variable other("TROUPE_POOL_OTHER_NONSENSE", "1");
  const auto config = troupe::load_config(dir / "troupe.toml");
  CHECK(config.pool("web-1").processes == 3);
  CHECK(config.pool("web-1").restart.period == 7s);
  CHECK(config.pool("web").scheduler != nullptr);
  CHECK(std::get<std::string>(config.app("shop").at("port").value) == "80");
  CHECK(config.app("shop").at("port").where == "TROUPE_APP_SHOP_PORT");
  troupe::config_options options;
  options.assignments = {"pool.web-1.processes=5", "pool.web.limits.address_space=1GiB"};
  const auto over = troupe::config_file(dir / "troupe.toml", options).finish();
  CHECK(over.pool("web-1").processes == 5);
  CHECK(over.pool("web").limits.address_space == std::size_t{1} << 30);
}

TEST_CASE("what is in force is listed with where it comes from") {
  const temporary_directory dir;
  write_file(dir / "troupe.toml", "[pool.a]\nspares = 2\n");
  const variable processes("TROUPE_POOL_A_PROCESSES", "3");
  const auto config = troupe::load_config(dir / "troupe.toml");
  const auto entry = [&](const std::string& key) {
    for (const auto& one : config.entries())
      if (one.key == key)
        return one.value + " # " + without(one.origin, dir / "");
    return std::string("none");
  };
  CHECK(entry("pool.a.processes") == "3 # TROUPE_POOL_A_PROCESSES");
  CHECK(entry("pool.a.spares") == "2 # troupe.toml:2:10");
  CHECK(entry("pool.a.start_timeout") == "\"30s\" # default");
  CHECK(entry("pool.a.limits.address_space") == "\"0B\" # default");
  CHECK(entry("pool.a.scheduler") == "\"round_robin\" # default");
}

TEST_CASE("errors in the environment and the command line name them") {
  const temporary_directory dir;
  write_file(dir / "troupe.toml", "[pool.a]\n");
  const variable wrong("TROUPE_POOL_A_PROCESSES", "many");
  const variable line("TROUPE_POOL_A_SPARES", "1\nqueuecount = 5");
  const variable bytes("TROUPE_POOL_A_OUTPUT", "\xff");
  CHECK(error_of_file(dir / "troupe.toml") ==
        "TROUPE_POOL_A_OUTPUT: pool.a.output: not valid UTF-8\n"
        "TROUPE_POOL_A_PROCESSES: pool.a.processes: expected an integer, found a string\n"
        "TROUPE_POOL_A_SPARES: pool.a.spares: expected an integer, found a string");
}

TEST_CASE("a size is a string with a unit") {
  using config_test::error_of;
  using config_test::load;
  const auto size = [](const std::string& text) {
    return load("pool.a.limits.file_size = " + text).pool("a").limits.file_size;
  };
  CHECK(size("'4096B'") == 4096);
  CHECK(size("'512MiB'") == std::size_t{512} << 20);
  CHECK(size("'2GB'") == 2'000'000'000);
  CHECK(size("0") == 0);
  CHECK(error_of("pool.a.limits.file_size = 1048576") ==
        "troupe.toml:1:27: pool.a.limits.file_size: expected a size like \"512MiB\", found an "
        "integer; write \"1MiB\"");
  CHECK(error_of("pool.a.limits.file_size = '5'") ==
        "troupe.toml:1:27: pool.a.limits.file_size: \"5\" has no unit; write \"5MiB\" or \"5B\"");
  CHECK(
    error_of("pool.a.limits.file_size = '1.5GiB'") ==
    "troupe.toml:1:27: pool.a.limits.file_size: \"1.5GiB\" is not a whole number; use a smaller "
    "unit: B, KiB, MiB, GiB or TiB");
  CHECK(
    error_of("pool.a.limits.file_size = 'MiB'") ==
    "troupe.toml:1:27: pool.a.limits.file_size: \"MiB\" is not a size; write a number and B, KiB, "
    "MiB, GiB or TiB, like \"512MiB\"");
}

TEST_CASE("a program reads tables of its own, and all that is wrong is told together") {
  const temporary_directory dir;
  write_file(dir / "troupe.toml",
    "[pool.p]\nx = 1\n[job.a]\nname = 5\nwait = '3s'\nsize = 7\nlist = ['a', 1]\nkind = 'tow'\n"
    "count = 11\nunasked = 1\n[job.b]\n[job.b.in]\nfile = 'f'\nextra = 1\n");
  troupe::config_options options;
  options.groups = {"job"};
  troupe::config_file file(dir / "troupe.toml", options);
  auto tables = file.tables("job");
  REQUIRE(tables.size() == 2);
  auto& a = tables[0];
  static constexpr std::array<std::string_view, 2> kinds{"one", "two"};
  a.text("name");
  CHECK(a.duration("wait", 0ms, 10s, 1s) == 3s);
  a.size("size", 0, 100, 0);
  CHECK(a.texts("list") == std::vector<std::string>{"a"});
  a.choice("kind", "kind", kinds, 0);
  a.integer("count", 0, 10, 0);
  CHECK(a.flag("flag", true));
  auto inner = tables[1].table("in");
  REQUIRE(inner);
  CHECK(inner->text("file") == "f");
  tables[1].refuse("in", "it is not right");
  tables[1].refuse("", "nor is this");
  try {
    file.finish();
    FAIL("no error");
  } catch (const troupe::config_error& e) {
    const auto text = without(e.what(), dir / "");
    CHECK_THAT(text, Catch::StartsWith("troupe.toml:2:1: pool.p.x: unknown key; "));
    CHECK(
      text.substr(text.find('\n') + 1) ==
      "troupe.toml:4:8: job.a.name: expected a string, found an integer\n"
      "troupe.toml:6:8: job.a.size: expected a size like \"512MiB\", found an integer; write "
      "\"7B\"\n"
      "troupe.toml:7:14: job.a.list: expected a string, found an integer\n"
      "troupe.toml:8:8: job.a.kind: unknown kind \"tow\"; did you mean \"two\"?\n"
      "troupe.toml:9:9: job.a.count: must be 0 to 10, is 11\n"
      "troupe.toml:10:1: job.a.unasked: unknown key; valid: count, flag, kind, list, name, size, "
      "wait\n"
      "troupe.toml:11:1: job.b: nor is this\n"
      "troupe.toml:12:1: job.b.in: it is not right\n"
      "troupe.toml:14:1: job.b.in.extra: unknown key; valid: file");
  }
}
