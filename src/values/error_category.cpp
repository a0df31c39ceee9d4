#include "values/error_category.hpp"

#include "base/limits.hpp"

#include <boost/asio/error.hpp>

#include <future>
#include <ios>
#include <map>
#include <memory>
#include <mutex>

namespace troupe::detail {

namespace {

class unknown_category final : public std::error_category {
public:
  explicit unknown_category(std::string name)
    : name_(std::move(name)) {}
  const char* name() const noexcept override { return name_.c_str(); }
  std::string message(int value) const override {
    return name_ + " error " + std::to_string(value);
  }

private:
  std::string name_;
};

} // namespace

const std::error_category& category_named(const std::string& name) {
  static const std::error_category* const known[] = {&std::generic_category(),
    &std::system_category(), &std::iostream_category(), &std::future_category(),
    &static_cast<const std::error_category&>(boost::asio::error::get_netdb_category()),
    &static_cast<const std::error_category&>(boost::asio::error::get_addrinfo_category()),
    &static_cast<const std::error_category&>(boost::asio::error::get_misc_category())};
  for (const auto* category : known)
    if (name == category->name())
      return *category;
  static std::mutex mutex;
  static std::map<std::string, std::unique_ptr<unknown_category>> unknown;
  const std::lock_guard lock(mutex);
  const bool full = unknown.size() >= limits::max_unknown_categories && !unknown.contains(name);
  auto& entry = unknown[full ? "unknown" : name];
  if (!entry)
    entry = std::make_unique<unknown_category>(full ? "unknown" : name);
  return *entry;
}

} // namespace troupe::detail
