#pragma once

#include "test/whole_file.hpp"
#include "test/xml_element.hpp"

#include "support/catch.hpp"
#include "support/temporary_directory.hpp"

#include <cstdlib>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include <sys/wait.h>

namespace troupe_cli::test {

/// A folder for one test, and a run of the command with its reports in there.
class command_run {
public:
  std::filesystem::path file(const char* name) const { return folder_ / name; }

  /// Options with which a test that is called so ends soon. The others have all the time that a busy machine may take.
  std::string with_short_hangs() const {
    write_whole_file(file("settings"), "[[tests]]\nfilter = \"test(*angs)\"\ntimeout = \"2s\"\n");
    return "--timeout 10m --grace 1s --settings " + file("settings").string() + ' ';
  }

  int run(const std::string& arguments) {
    const std::string line = "FLAKY_FILE=" + file("flaky").string() +
                             " " TROUPE_COMMAND " test --history " + file("history").string() +
                             " --junit " + file("junit").string() + " " + arguments + " > " +
                             file("out").string() + " 2> " + file("err").string();
    const int status = std::system(line.c_str());
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }

  std::string out() const { return read_whole_file(file("out")); }
  std::string err() const { return read_whole_file(file("err")); }

  /// "failure assertion", "error SIGSEGV", "skipped", "flakyFailure assertion" or "" for each test.
  std::map<std::string, std::string> outcomes() const {
    std::map<std::string, std::string> out;
    const auto document = read_xml(read_whole_file(file("junit")));
    REQUIRE(document.complete);
    for (const auto& suite : document.root.children)
      for (const auto& each : suite.children) {
        const auto key = each.attribute("classname") + '.' + each.attribute("name");
        auto& text = out[out.contains(key) ? key + " again" : key];
        if (!each.children.empty())
          text = each.children.front().name + (each.children.front().attribute("type").empty()
                                                  ? ""
                                                  : ' ' + each.children.front().attribute("type"));
      }
    return out;
  }

  std::string error_text(const std::string& name) const {
    const auto document = read_xml(read_whole_file(file("junit")));
    for (const auto& suite : document.root.children)
      for (const auto& each : suite.children)
        if (each.attribute("name") == name && !each.children.empty())
          return each.children.front().text;
    return {};
  }

private:
  troupe::test::temporary_directory folder_;
};

using outcome_map = std::map<std::string, std::string>;

/// As lines, which Catch can print.
inline std::vector<std::string> lines(const outcome_map& from) {
  std::vector<std::string> out;
  for (const auto& [name, what] : from)
    out.push_back(name + ": " + what);
  return out;
}

} // namespace troupe_cli::test
