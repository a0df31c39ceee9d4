// Whatever text a file with jobs has: `troupe run` and `troupe check` accept it, or say where what is wrong. (Modules are
// not asked for their tasks: that takes a process.)
#include "jobs/job_file.hpp"
#include "fuzz/target.hpp"
#include "fuzz/text_file.hpp"

using namespace troupe::fuzz;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const temporary_directory directory;
  static const auto path = directory / "jobs.toml";
  write_file(path, data, size);
  try {
    const auto file = troupe_cli::read_job_file({.file = path});
    if (!is_printable(troupe_cli::summary_of(path, file)))
      std::abort();
  } catch (const troupe::config_error& error) {
    check_message(path, error.what());
  }
  return 0;
}
