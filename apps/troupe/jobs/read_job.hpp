#pragma once

#include "jobs/job.hpp"

#include <troupe/config.hpp>

#include <filesystem>
#include <string>
#include <vector>

namespace troupe_cli {

/// Reads a `[job.NAME]` table; what is wrong with it by itself goes to the table. Files are looked for from `directory`,
/// in which the configuration file lies; `pools` are those of the file.
job read_job(troupe::config_table& table, const std::filesystem::path& directory,
  const std::vector<std::string>& pools);

/// Checks what jobs say of each other: that those exist which they name, that none waits for itself, and that no two
/// write the same file. `tables` are those of `jobs`.
void check_job_graph(const std::vector<job>& jobs, std::vector<troupe::config_table>& tables);

/// The jobs that a job needs before it can end: that whose results it takes, and those that it comes after.
std::vector<std::string> needed_by(const job& one);

} // namespace troupe_cli
