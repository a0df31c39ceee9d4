#include "app_settings.hpp"

#include "http_url.hpp"
#include "text/terminal_text.hpp"

#include <stdexcept>
#include <utility>

namespace books {
namespace {

using entry = std::pair<const std::string, troupe::app_setting>;

// Each of these gives what is wrong with the value, or nothing and stores it.

std::string read_url(const troupe::app_setting& setting, app_settings& out) {
  const auto* text = std::get_if<std::string>(&setting.value);
  if (!text)
    return "must be a string";
  out.url = *text;
  return url_problem(*text);
}

std::string read_output(const troupe::app_setting& setting, app_settings& out) {
  const auto* text = std::get_if<std::string>(&setting.value);
  if (!text || text->empty())
    return "must be a file name, as a string";
  out.output = *text;
  return {};
}

std::string read_pages(const troupe::app_setting& setting, app_settings& out) {
  const auto* number = std::get_if<std::int64_t>(&setting.value);
  if (!number || *number < 1 || *number > static_cast<std::int64_t>(max_pages))
    return "must be a whole number from 1 to " + std::to_string(max_pages);
  out.pages = static_cast<std::size_t>(*number);
  return {};
}

std::string read_entry(const entry& given, app_settings& out) {
  const auto& [key, setting] = given;
  if (key == "url")
    return read_url(setting, out);
  if (key == "output")
    return read_output(setting, out);
  if (key == "pages")
    return read_pages(setting, out);
  return "unknown key; there are url, output and pages";
}

} // namespace

std::string url_problem(const std::string& url) {
  if (url == embedded_shop)
    return {};
  try {
    parse_http_url(url);
    return {};
  } catch (const std::invalid_argument& e) {
    return e.what();
  }
}

app_settings read_app_settings(const std::map<std::string, troupe::app_setting>& entries) {
  app_settings out;
  std::string problems;
  for (const auto& given : entries) {
    if (const auto problem = read_entry(given, out); !problem.empty()) {
      problems += problems.empty() ? "" : "\n";
      problems += given.second.where + ": app.books." + text::printable(given.first) + ": " +
                  text::printable(problem);
    }
  }
  if (!problems.empty())
    throw troupe::config_error(problems);
  return out;
}

} // namespace books
