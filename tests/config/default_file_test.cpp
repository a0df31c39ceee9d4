#include "config/pool_keys.hpp"
#include "config/toml_node.hpp"
#include "config_file.hpp"

#include "support/catch.hpp"
#include <boost/pfr/tuple_size.hpp>

using namespace troupe;

namespace {

const std::filesystem::path default_file = std::filesystem::path(TROUPE_CONFIG_DIR) / "troupe.toml";

void check_lists_all(std::span<const detail::pool_key> keys, const toml::table& table) {
  for (const auto& key : keys) {
    INFO("key " << key.name);
    if (std::holds_alternative<detail::call_key>(key.kind) ||
        std::holds_alternative<detail::variables_key>(key.kind) ||
        std::holds_alternative<detail::umask_key>(key.kind)) // there is no default
      continue;
    const auto* node = table.get(key.name);
    REQUIRE(node != nullptr);
    if (const auto* group = std::get_if<detail::group_key>(&key.kind)) {
      REQUIRE(node->is_table());
      check_lists_all(group->keys(), *node->as_table());
    }
  }
}

} // namespace

TEST_CASE("the file with the defaults lists every key") {
  const auto file = toml::parse_file(default_file.string());
  const auto* pool = file["pool"]["main"].as_table();
  REQUIRE(pool != nullptr);
  check_lists_all(detail::pool_keys(), *pool);
}

TEST_CASE("the file with the defaults has the values of pool_options") {
  const auto config = load_config(default_file);
  CHECK(config.pool_names() == std::vector<std::string>{"main"});
  const auto& loaded = config.pool("main");
  const pool_options defaults;
  CHECK(loaded.processes == defaults.processes);
  CHECK(loaded.childconcurrency == defaults.childconcurrency);
  CHECK(loaded.queuecount == defaults.queuecount);
  CHECK(loaded.maxtasksperchild == defaults.maxtasksperchild);
  CHECK(loaded.maxmemoryperchild == defaults.maxmemoryperchild);
  CHECK(loaded.maxageperchild == defaults.maxageperchild);
  CHECK(loaded.scheduler == defaults.scheduler);
  // An empty one means the program's default, which is spawn.
  CHECK(loaded.start_method == start_method::spawn);
  CHECK_FALSE(defaults.start_method);
  CHECK(loaded.spares == defaults.spares);
  CHECK(loaded.start_timeout == defaults.start_timeout);
  CHECK(loaded.shutdown_timeout == defaults.shutdown_timeout);
  CHECK(loaded.max_queue == defaults.max_queue);
  CHECK(loaded.overflow == defaults.overflow);
  CHECK(loaded.input == defaults.input);
  CHECK(loaded.output == defaults.output);
  CHECK(loaded.cancel_grace == defaults.cancel_grace);
  CHECK(loaded.slow_after == defaults.slow_after);
  CHECK(loaded.limits.address_space == defaults.limits.address_space);
  CHECK(loaded.limits.open_files == defaults.limits.open_files);
  CHECK(loaded.limits.cpu_time == defaults.limits.cpu_time);
  CHECK(loaded.limits.file_size == defaults.limits.file_size);
  CHECK(loaded.limits.processes == defaults.limits.processes);
  CHECK(loaded.limits.nice == defaults.limits.nice);
  CHECK_FALSE(loaded.environment);
  CHECK_FALSE(defaults.environment);
  CHECK(loaded.working_directory == defaults.working_directory);
  CHECK_FALSE(loaded.umask);
  CHECK_FALSE(defaults.umask);
  CHECK(loaded.sandbox == defaults.sandbox);
  CHECK(loaded.writable_directories == defaults.writable_directories);
  CHECK(loaded.sockets == defaults.sockets);
  CHECK(loaded.limits.no_new_privs == defaults.limits.no_new_privs);
  CHECK(loaded.limits.core_dumps == defaults.limits.core_dumps);
  CHECK(loaded.restart.intensity == defaults.restart.intensity);
  CHECK(loaded.restart.period == defaults.restart.period);
  CHECK(loaded.restart.backoff == defaults.restart.backoff);
  CHECK(loaded.restart.start_attempts == defaults.restart.start_attempts);
  CHECK(loaded.restart.give_up_after == defaults.restart.give_up_after);
  CHECK_FALSE(loaded.initializer);
  CHECK_FALSE(loaded.finalizer);
  CHECK(loaded.loop_initializer == nullptr);
  CHECK(loaded.exception_handler == nullptr);
}

TEST_CASE("every option that a file can say is a key") {
  // The others are the name, which is the table's, and seven functions.
  CHECK(detail::pool_keys().size() == boost::pfr::tuple_size_v<pool_options> - 8);
  CHECK(detail::restart_keys().size() == boost::pfr::tuple_size_v<restart_options>);
  // The other one is the list of CPUs.
  CHECK(detail::limits_keys().size() == boost::pfr::tuple_size_v<child_limits> - 1);
}
