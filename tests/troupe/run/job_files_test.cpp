// Files with jobs that random changes were made to are accepted, or are a `config_error`.
#include "config/config_file.hpp"
#include "config/mutator.hpp"
#include "support/catch.hpp"

#include "jobs/file_arguments.hpp"
#include "jobs/job_file.hpp"

#include <iostream>
#include <sstream>

namespace {

constexpr std::uint32_t seed = 20261129;
constexpr int rounds = 4000;

constexpr std::string_view original = R"(include = ["*.inc"]
[pool.web]
processes = 4
limits = { address_space = "512MiB", cpu_time = "30s" }
[job.lists]
command = ["curl", "{}"]
pool = "web"
input = { range = [1, 50, 2], as = "http://127.0.0.1/{}.html" }
timeout = "30s"
retries = { max_attempts = 3, backoff = "1s", jitter = 0.5 }
[job.books]
command = "cat"
input = { job = "lists", each = true }
output = { file = "books.csv", format = "csv", columns = ["title", "price"] }
on_failure = "stop"
[job.last]
command = "true"
after = ["books", "lists"]
arguments = [1, "two", { three = 3.5 }, 2024-01-01]
)";

} // namespace

TEST_CASE("a file with jobs is good before anything in it is changed") {
  const config_test::temporary_directory dir;
  config_test::write_file(dir / "jobs.toml", original);
  CHECK(troupe_cli::read_job_file({.file = dir / "jobs.toml"}).jobs.size() == 3);
}

TEST_CASE("a file with jobs and random changes is accepted or is a config_error") {
  const config_test::temporary_directory dir;
  const auto path = dir / "jobs.toml";
  config_test::mutator mutate(seed);
  int refused = 0;
  for (int round = 0; round < rounds; ++round) {
    const auto text = mutate(std::string(original));
    config_test::write_file(path, text);
    INFO("seed " << seed << ", round " << round << ":\n" << text);
    try {
      troupe_cli::read_job_file({.file = path});
    } catch (const troupe::config_error& error) {
      ++refused;
      if (!std::string_view(error.what()).starts_with(path.native() + ':'))
        FAIL_CHECK(error.what());
    } catch (const std::exception& error) {
      FAIL_CHECK("not a config_error: " << error.what());
    }
  }
  CHECK(refused > rounds / 2);
}

TEST_CASE("command lines with random changes are read, or are told to be wrong") {
  const std::vector<std::string> words{"check.toml", "--print", "--set", "pool.a.processes=4", "a",
    "--set=x", "--help", "-h", "--", "-", "--pr\xffint", "", "--set=", "=", "-x", "--print=5"};
  config_test::mutator mutate(seed);
  std::mt19937 random(seed);
  std::ostringstream said;
  auto* const out = std::cout.rdbuf(said.rdbuf());
  auto* const err = std::cerr.rdbuf(said.rdbuf());
  int read = 0;
  int wrong = 0;
  for (int round = 0; round < rounds; ++round) {
    std::vector<std::string> arguments(random() % 5);
    for (auto& word : arguments) {
      word = words[random() % words.size()];
      if (random() % 4 == 0)
        word = mutate(word);
    }
    for (const auto& parsed :
      {troupe_cli::read_check_arguments(arguments), troupe_cli::read_run_arguments(arguments)}) {
      const auto* code = std::get_if<int>(&parsed);
      read += code == nullptr ? 1 : 0;
      wrong += code != nullptr && *code == 2 ? 1 : 0;
    }
  }
  std::cout.rdbuf(out);
  std::cerr.rdbuf(err);
  CHECK(read > rounds / 10);
  CHECK(wrong > rounds / 10);
}
