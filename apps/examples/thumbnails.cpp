#include "thumbnails.hpp"

#include <troupe/pool.hpp>

#include <cstdlib>
#include <memory>

namespace thumbnails {

namespace {

// A stand-in for a library that crashes on some input.
std::string convert(std::string text) {
  if (text.find('!') != std::string::npos)
    std::abort();
  return "[" + text.substr(0, 4) + "]";
}

// The program may have a runtime already, or another library has made one: there is at most one in a process.
class converter {
public:
  converter()
    : own_(
        troupe::runtime::try_current() == nullptr ? std::make_unique<troupe::runtime>() : nullptr)
    , pool_(troupe::runtime::current(), {.processes = 2, .name = "thumbnails"}) {}

  troupe::pool& pool() { return pool_; }

private:
  std::unique_ptr<troupe::runtime> own_;
  troupe::pool pool_;
};

} // namespace

std::vector<std::string> make(const std::vector<std::string>& texts) {
  static converter instance; // ends with the program
  std::vector<std::string> pictures;
  for (auto& item : instance.pool().map_unordered(convert, texts)) {
    pictures.resize(texts.size());
    pictures[item.index()] = item.has_value() ? item.value() : "no picture";
  }
  return pictures;
}

} // namespace thumbnails
