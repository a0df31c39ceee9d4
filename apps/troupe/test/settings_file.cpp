// The TOML file of `--settings`.
#include "test/settings.hpp"

#define TOML_HEADER_ONLY 0
#include <toml++/toml.h>

#include <filesystem>
#include <stdexcept>

namespace troupe_cli::test {
namespace {

class reader {
public:
  explicit reader(std::string path)
    : path_(std::move(path)) {}

  settings_file read() {
    std::error_code ignored;
    if (std::filesystem::is_directory(path_, ignored)) // for the parser, that is an empty file
      throw std::invalid_argument(path_ + ": is a directory, not a file");
    settings_file out;
    toml::table table;
    try {
      table = toml::parse_file(path_);
    } catch (const toml::parse_error& e) {
      add(e.source(), std::string(e.description()));
      throw std::invalid_argument(problems_);
    }
    for (auto&& [key, value] : table) {
      if (key.str() == "defaults")
        read_defaults(value, out);
      else if (key.str() == "tests")
        read_tests(value, out);
      else if (key.str() == "setup")
        read_command(value, out.setup);
      else if (key.str() == "teardown")
        read_command(value, out.teardown);
      else
        add(key.source(), "there is no \"" + std::string(key.str()) +
                            "\" here, but setup, teardown, [defaults] and [[tests]]");
    }
    if (!problems_.empty())
      throw std::invalid_argument(problems_);
    return out;
  }

private:
  void add(const toml::source_region& where, const std::string& problem) {
    problems_ += (problems_.empty() ? "" : "\n") + path_ + ':' + std::to_string(where.begin.line) +
                 ':' + std::to_string(where.begin.column) + ": " + problem;
  }

  void read_defaults(const toml::node& from, settings_file& to) {
    const auto* table = from.as_table();
    if (table == nullptr) {
      add(from.source(), "\"defaults\" is a table");
      return;
    }
    to.entries.insert(to.entries.begin(), read_entry(*table, false));
  }

  void read_tests(const toml::node& from, settings_file& to) {
    const auto* list = from.as_array();
    if (list == nullptr || !list->is_homogeneous(toml::node_type::table)) {
      add(from.source(), "\"tests\" is a list of tables: [[tests]]");
      return;
    }
    for (const auto& each : *list)
      to.entries.push_back(read_entry(*each.as_table(), true));
  }

  settings_entry read_entry(const toml::table& from, bool with_filter) {
    settings_entry out;
    for (auto&& [key, value] : from) {
      const auto name = std::string(key.str());
      if (name == "filter" && with_filter)
        read_filter(value, out);
      else if (name == "timeout")
        read_duration_of(name, value, out.timeout);
      else if (name == "slow")
        read_duration_of(name, value, out.slow);
      else if (name == "retries")
        read_number(name, value, 0, 100, out.retries);
      else if (name == "weight")
        read_number(name, value, 1, 1024, out.weight);
      else if (name == "serial")
        read_flag(name, value, out.serial);
      else if (name == "exclusive")
        read_words(name, value, out.exclusive);
      else if (name == "environment")
        read_environment(value, out.environment);
      else
        add(key.source(),
          "there is no setting \"" + name +
            "\", but timeout, slow, retries, weight, serial, exclusive and environment");
    }
    if (with_filter && !from.contains("filter"))
      add(from.source(), "a filter is missing, such as filter = \"suite(net)\"");
    return out;
  }

  void read_filter(const toml::node& from, settings_entry& to) {
    const auto text = from.value<std::string>();
    if (!text) {
      add(from.source(), "\"filter\" is a text");
      return;
    }
    try {
      to.which.emplace(*text);
    } catch (const std::invalid_argument& e) {
      add(from.source(), e.what());
    }
  }

  void read_duration_of(
    const std::string& name, const toml::node& from, std::optional<std::chrono::milliseconds>& to) {
    const auto text = from.value_exact<std::string>();
    to = text ? read_duration(*text) : std::nullopt;
    if (!to)
      add(from.source(), "\"" + name + "\" is a duration with its unit, such as \"2s\" or \"5m\"");
  }

  void read_number(const std::string& name, const toml::node& from, long least, long most,
    std::optional<unsigned>& to) {
    const auto value = from.value_exact<std::int64_t>();
    if (value && *value >= least && *value <= most)
      to = static_cast<unsigned>(*value);
    else
      add(from.source(), "\"" + name + "\" is a number from " + std::to_string(least) + " to " +
                           std::to_string(most));
  }

  void read_flag(const std::string& name, const toml::node& from, std::optional<bool>& to) {
    to = from.value_exact<bool>();
    if (!to)
      add(from.source(), "\"" + name + "\" is true or false");
  }

  /// A text or a list of texts.
  void read_words(const std::string& name, const toml::node& from, std::vector<std::string>& to) {
    if (const auto one = from.value_exact<std::string>()) {
      to.push_back(*one);
      return;
    }
    const auto* list = from.as_array();
    if (list == nullptr || !list->is_homogeneous(toml::node_type::string)) {
      add(from.source(), "\"" + name + "\" is a text or a list of texts");
      return;
    }
    for (const auto& each : *list)
      to.push_back(*each.value<std::string>());
  }

  void read_command(const toml::node& from, std::vector<std::string>& to) {
    read_words("setup\" or \"teardown", from, to);
  }

  void read_environment(const toml::node& from, std::vector<std::string>& to) {
    const auto* table = from.as_table();
    if (table == nullptr) {
      add(from.source(), "\"environment\" is a table of texts");
      return;
    }
    for (auto&& [key, value] : *table) {
      const auto text = value.value_exact<std::string>();
      if (text && key.str().find('=') == std::string_view::npos)
        to.push_back(std::string(key.str()) + '=' + *text);
      else
        add(key.source(), "a variable has a name without \"=\", and a text");
    }
  }

  std::string path_;
  std::string problems_;
};

} // namespace

settings_file read_settings(const std::string& path) {
  return reader(path).read();
}

} // namespace troupe_cli::test
