#pragma once

#include "jobs/job.hpp"

#include <troupe/config.hpp>
#include <troupe/module_host.hpp>

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace troupe {
class runtime;
} // namespace troupe

namespace troupe_cli {

/// What the command line says of a file with jobs.
struct job_file_options {
  std::filesystem::path file{};
  std::vector<std::string> assignments{}; ///< "pool.web.processes=4"
};

/// A configuration file with pools, jobs and modules that has nothing wrong with it.
struct job_file {
  troupe::config config;
  std::vector<job> jobs;
  std::vector<troupe::module_info> modules;
  std::map<std::string, troupe::chosen_task> tasks; ///< by the name of the job that has one
};

/// Reads a file and everything that it includes, and asks its modules in processes of their own which tasks they have.
/// Throws `troupe::config_error` with all that is wrong.
job_file read_job_file(troupe::runtime& rt, const job_file_options& options);

/// The same without modules: `modules` and `tasks` stay empty.
job_file read_job_file(const job_file_options& options);

/// "shop.toml: ok: 2 pools, 3 jobs, 1 module with 4 tasks"
std::string summary_of(const std::filesystem::path& file, const job_file& what);

} // namespace troupe_cli
