#include "config/duration_text.hpp"
#include "config/message_text.hpp"
#include "config/node_text.hpp"
#include "config/pool_keys.hpp"
#include "config/pool_reader.hpp"
#include "config/size_text.hpp"

namespace troupe::detail {

namespace {

std::string in_quotes(std::string_view word) {
  return '"' + std::string(word) + '"';
}

// The value that a key has where the file does not say.
struct default_text {
  pool_options options;

  std::string operator()(const count_rule& key) { return std::to_string(key.member(options)); }
  std::string operator()(const time_rule& key) {
    return in_quotes(format_duration(key.member(options)));
  }
  std::string operator()(const size_key& key) {
    return in_quotes(format_size(key.rule.member(options)));
  }
  std::string operator()(const flag_key& key) { return key.member(options) ? "true" : "false"; }
  std::string operator()(const scheduler_key&) { return in_quotes(scheduler_names().front()); }
  // The first word is that of the options' default.
  std::string operator()(const choice_key& key) { return in_quotes(key.words().front()); }
  std::string operator()(const call_key&) { return {}; }
  std::string operator()(const directory_key& key) { return in_quotes(key.member(options)); }
  std::string operator()(const directories_key&) { return "[]"; }
  std::string operator()(const variables_key&) { return {}; }
  std::string operator()(const umask_key&) { return {}; }
  std::string operator()(const group_key&) { return {}; }
};

class entry_lister {
public:
  entry_lister(std::vector<config_entry>& out, const config_problems& problems)
    : out_(out)
    , problems_(problems) {}

  void list(std::span<const pool_key> keys, const toml::table* table, const std::string& path) {
    for (const auto& key : keys) {
      const auto key_path = path + '.' + std::string(key.name);
      const auto* const node = table ? table->get(key.name) : nullptr;
      if (const auto* group = std::get_if<group_key>(&key.kind))
        list(group->keys(), node ? node->as_table() : nullptr, key_path);
      else if (node)
        out_.push_back({key_path, toml_text(*node), problems_.locate(position_of(node->source()))});
      else if (auto text = std::visit(default_text{}, key.kind); !text.empty())
        out_.push_back({key_path, std::move(text), "default"});
    }
  }

private:
  std::vector<config_entry>& out_;
  const config_problems& problems_;
};

} // namespace

std::vector<config_entry> entries_of_pool(
  const toml::table& table, const std::string& path, const config_problems& problems) {
  std::vector<config_entry> entries;
  if (problems.empty())
    entry_lister(entries, problems).list(pool_keys(), &table, path);
  return entries;
}

} // namespace troupe::detail
