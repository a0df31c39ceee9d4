#include "settings.hpp"

#include <CLI/CLI.hpp>

#include <cstdint>
#include <iostream>
#include <limits>
#include <map>
#include <optional>

namespace books {
namespace {

constexpr int usage_error = 2;

struct command_line {
  std::string config_file = "config/books.toml";
  std::optional<std::string> url;
  std::optional<std::string> output;
  std::optional<std::size_t> processes;
  std::optional<std::size_t> concurrency;
  std::uint32_t shop_latency_ms = 0;
  std::uint32_t timeout_ms = 30'000;
};

void add_options(CLI::App& app, command_line& line) {
  const auto duration =
    CLI::AsNumberWithUnit(std::map<std::string, std::uint32_t>{{"ms", 1}, {"s", 1000}},
      CLI::AsNumberWithUnit::UNIT_REQUIRED);
  const auto some_text = CLI::Validator(
    [](const std::string& text) { return text.empty() ? "must not be empty" : std::string(); }, "");
  app.add_option("--config", line.config_file, "Configuration file")->capture_default_str();
  app.add_option("--url", line.url, "Where the shop is, or \"embedded\" for one of our own")
    ->check(CLI::Validator(url_problem, "URL"));
  app.add_option("--output", line.output, "The CSV file to write")->check(some_text);
  app.add_option("--processes", line.processes, "Children; 0: as many as there are CPUs")
    ->check(CLI::Range(std::size_t{0}, std::size_t{1024}));
  app.add_option("--concurrency", line.concurrency, "Pages that a child loads at the same time")
    ->check(CLI::Range(std::size_t{1}, std::size_t{16'384}));
  app.add_option("--shop-latency", line.shop_latency_ms, "Latency of the embedded shop: 50ms")
    ->transform(duration);
  app
    .add_option(
      "--timeout", line.timeout_ms, "What the shop may take for one page; 30s if not given")
    ->transform(duration)
    ->check(CLI::Range(std::uint32_t{1}, std::numeric_limits<std::uint32_t>::max()));
}

settings combine(const command_line& line) {
  const auto file = troupe::load_config(line.config_file);
  settings out{.app = read_app_settings(file.app("books")), .pool = file.pool("books")};
  out.app.url = line.url.value_or(out.app.url);
  out.app.output = line.output.value_or(out.app.output);
  out.pool.processes = line.processes.value_or(out.pool.processes);
  out.pool.childconcurrency = line.concurrency.value_or(out.pool.childconcurrency);
  out.shop_latency = std::chrono::milliseconds(line.shop_latency_ms);
  out.timeout = std::chrono::milliseconds(line.timeout_ms);
  return out;
}

} // namespace

std::variant<settings, int> read_settings(int argc, char** argv) {
  CLI::App app("Scrapes a book shop with a pool of processes", "books");
  command_line line;
  add_options(app, line);
  try {
    app.parse(argc, argv);
    return combine(line);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? 0 : usage_error;
  } catch (const troupe::config_error& e) {
    std::cerr << "books: " << e.what() << '\n';
    return usage_error;
  }
}

} // namespace books
