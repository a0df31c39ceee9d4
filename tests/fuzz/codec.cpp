// Whatever bytes a decoder gets, of whatever type they are to be: a value, or a `decode_error`. What is a value can be
// encoded and decoded again, and a decoder allocates no more than some times what it was given.
#include "fuzz/target.hpp"
#include "link/child_settings.hpp"
#include "unit/codec_types.hpp"
#include "values/exception_codec.hpp"
#include "values/failure_codec.hpp"
#include "values/task_options_codec.hpp"

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <set>
#include <system_error>
#include <unordered_map>

using namespace troupe;
using namespace troupe::test;

namespace {

using anything = std::variant<int, std::string, std::vector<std::optional<double>>, tree, shape>;
using many = std::tuple<bool, std::uint8_t, std::int64_t, long double, colour, std::u16string,
  std::array<short, 3>, std::pair<std::string, std::set<int>>>;

[[noreturn]] void broken(const char* what) {
  std::fprintf(stderr, "this does not hold: %s\n", what);
  std::abort();
}

template <class T>
void check(std::span<const std::byte> bytes) {
  try {
    const auto value = decoded<T>(bytes);
    const auto again = encoded(value);
    if (encoded(decoded<T>(detail::view(again))).size() != again.size())
      broken("an accepted value is the same when it is encoded and decoded");
  } catch (const decode_error&) {
  }
}

void check_account(std::span<const std::byte> bytes) {
  try {
    const auto value = decoded<account>(bytes);
    if (!value.loaded)
      broken("what a type wants to be called after it was read is called");
  } catch (const decode_error&) {
  }
}

void check_options(std::span<const std::byte> bytes) {
  try {
    decoder in(bytes);
    values::decode_options(in);
  } catch (const decode_error&) {
  }
}

void check_reports(std::span<const std::byte> bytes) {
  if (detail::decode_failure(bytes) == nullptr || detail::decode_exception(bytes) == nullptr)
    broken("an error is an error, whatever it says");
  try {
    detail::decode_report(bytes);
    detail::decode_report_text(bytes, 64);
  } catch (const decode_error&) {
  }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0)
    return 0;
  const auto bytes = std::as_bytes(std::span(data + 1, size - 1));
  switch (data[0] % 14) {
  case 0:
    check<shape>(bytes);
    break;
  case 1:
    check<tree>(bytes);
    break;
  case 2:
    check<anything>(bytes);
    break;
  case 3:
    check<std::map<std::string, std::variant<bool, std::vector<point>>>>(bytes);
    break;
  case 4:
    check<std::tuple<chain, std::optional<std::filesystem::path>, std::set<short>>>(bytes);
    break;
  case 5:
    check<std::vector<std::vector<std::string>>>(bytes);
    break;
  case 6:
    check<expression>(bytes);
    break;
  case 7:
    check<many>(bytes);
    break;
  case 8:
    check<std::unordered_map<char, std::vector<bool>>>(bytes);
    break;
  case 9:
    check<std::vector<std::monostate>>(bytes);
    break;
  case 10:
    check<link::child_settings>(bytes);
    break;
  case 11:
    check_account(bytes);
    break;
  case 12:
    check_options(bytes);
    break;
  case 13:
    check_reports(bytes);
    break;
  }
  return 0;
}
