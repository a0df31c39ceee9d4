#include "verdict.hpp"

#include <cstdio>

namespace torture {

counts& counts::operator+=(const counts& more) {
  submitted += more.submitted;
  resolved += more.resolved;
  lost += more.lost;
  duplicated += more.duplicated;
  hung += more.hung;
  return *this;
}

void verdict::figure(const std::string& name, const std::string& value) {
  const std::lock_guard guard(lock_);
  figures_.push_back(name + '=' + value);
}

void verdict::figure(const std::string& name, std::uint64_t value) {
  figure(name, std::to_string(value));
}

void verdict::figure(const std::string& name, double value) {
  char text[64];
  std::snprintf(text, sizeof text, "%.2f", value);
  figure(name, std::string(text));
}

void verdict::broken(const std::string& sentence) {
  const std::lock_guard guard(lock_);
  if (sentences_.size() < most_sentences)
    sentences_.push_back(sentence);
  else
    ++more_;
}

void verdict::require(bool holds, const std::string& sentence) {
  if (!holds)
    broken(sentence);
}

int verdict::print(const std::string& name, const counts& of) const {
  const std::lock_guard guard(lock_);
  std::printf("%s: submitted=%lu resolved=%lu lost=%lu duplicated=%lu hung=%lu", name.c_str(),
    of.submitted, of.resolved, of.lost, of.duplicated, of.hung);
  for (const auto& each : figures_)
    std::printf(" %s", each.c_str());
  std::printf("\n");
  std::fflush(stdout);
  for (const auto& each : sentences_)
    std::fprintf(
      stderr, "troupe-torture: %s: the contract is broken: %s.\n", name.c_str(), each.c_str());
  if (more_ > 0)
    std::fprintf(stderr, "troupe-torture: %s: and %lu times more.\n", name.c_str(), more_);
  return sentences_.empty() ? 0 : 1;
}

} // namespace torture
