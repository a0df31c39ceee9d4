#include "config_file.hpp"
#include "mutator.hpp"

#include "support/catch.hpp"

#include <iterator>

namespace {

constexpr std::uint32_t seed = 20240229;
constexpr int rounds = 2000;

std::string default_text() {
  std::ifstream file(std::filesystem::path(TROUPE_CONFIG_DIR) / "troupe.toml", std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// The comments are most of the file, and nothing is wrong with a changed comment.
std::string without_comments(const std::string& text) {
  std::string out;
  std::size_t begin = 0;
  while (begin < text.size()) {
    const auto end = std::min(text.find('\n', begin), text.size() - 1) + 1;
    if (text[begin] != '#')
      out += text.substr(begin, end - begin);
    begin = end;
  }
  return out;
}

bool is_printable(std::string_view text) {
  for (const char c : text)
    if ((static_cast<unsigned char>(c) < 0x20 && c != '\n') || c == 0x7F)
      return false;
  return true;
}

// Either the file is accepted, or the message has the documented form.
void check_load(const std::filesystem::path& path) {
  try {
    troupe::load_config(path);
  } catch (const troupe::config_error& error) {
    const std::string_view message = error.what();
    const auto start = path.string() + ':';
    const bool has_position = message.starts_with(start) && message.size() > start.size() &&
                              message[start.size()] > '0' && message[start.size()] <= '9';
    if (!has_position || !is_printable(message))
      FAIL_CHECK(message);
  } catch (const std::exception& error) {
    FAIL_CHECK("not a config_error: " << error.what());
  }
}

void check_mutations(const std::string& original) {
  const config_test::temporary_directory dir;
  const auto path = dir / "troupe.toml";
  config_test::mutator mutate(seed);
  for (int round = 0; round < rounds; ++round) {
    const auto text = mutate(original);
    config_test::write_file(path, text);
    INFO("seed " << seed << ", round " << round << ":\n" << text);
    check_load(path);
  }
}

} // namespace

TEST_CASE("a file with random changes is accepted or is a config_error") {
  check_mutations(default_text());
}

TEST_CASE("a file without comments and with random changes is accepted or is a config_error") {
  check_mutations(without_comments(default_text()));
}
