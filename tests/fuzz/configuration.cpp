// Whatever text a configuration file has: it is accepted, or a `config_error` says where what is wrong. What is accepted
// has options with which pools can be made, and compares equal to itself.
#include "fuzz/target.hpp"
#include "fuzz/text_file.hpp"

#include <troupe/config.hpp>

using namespace troupe::fuzz;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const temporary_directory directory;
  static const auto path = directory / "troupe.toml";
  write_file(path, data, size);
  try {
    const auto config = troupe::load_config(path);
    for (const auto& name : config.pool_names())
      config.pool(name);
    if (!troupe::changes(config, config).empty()) {
      std::fprintf(stderr, "a configuration differs from itself\n");
      std::abort();
    }
  } catch (const troupe::config_error& error) {
    check_message(path, error.what());
  }
  return 0;
}
