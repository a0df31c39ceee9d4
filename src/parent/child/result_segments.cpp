#include "parent/child/result_segments.hpp"

#include "base/limits.hpp"

#include <algorithm>
#include <atomic>
#include <exception>
#include <utility>

namespace troupe::parent {

namespace {

std::atomic<std::size_t> bytes_of_all_children = 0;

constexpr std::uint64_t bit(std::size_t place) noexcept {
  return std::uint64_t{1} << place;
}

} // namespace

static_assert(limits::max_result_segments <= 64);

result_segments::result_segments(std::shared_ptr<link::shared_region> region)
  : region_(std::move(region))
  , entries_(limits::max_result_segments) {}

result_segments::~result_segments() {
  bytes_of_all_children.fetch_sub(bytes_);
}

std::optional<std::uint32_t> result_segments::make(std::size_t size, link::segment*& made) {
  const std::lock_guard lock(mutex_);
  const auto free = std::find_if(
    entries_.begin(), entries_.end(), [](const entry& one) { return one.number == 0; });
  if (free == entries_.end() || size > limits::max_result_segment_bytes - bytes_ ||
      bytes_of_all_children.load() + size > limits::max_all_result_bytes)
    return std::nullopt;
  try {
    // The child takes the memory, which takes time: this is the loop's thread.
    free->owned =
      link::segment::make(size, link::segment::writers::everyone, false, shared_from_this());
  } catch (const std::exception&) {
    return std::nullopt;
  }
  free->number = free->owned->number();
  free->size = size;
  free->owned->idle_since = std::chrono::steady_clock::now();
  bytes_ += size;
  bytes_of_all_children.fetch_add(size);
  made = free->owned.get();
  return static_cast<std::uint32_t>(free - entries_.begin()); // the child sets the bit
}

detail::block_ptr result_segments::lend(std::uint64_t number) noexcept {
  const std::lock_guard lock(mutex_);
  for (std::size_t place = 0; place < entries_.size(); ++place) {
    auto& one = entries_[place];
    if (one.number != number || number == 0 || one.owned == nullptr)
      continue;
    // A child that has not taken it away itself, or sets it again, writes into it while it is read: that must do
    // no harm anyway.
    region_->header().returned.fetch_and(~bit(place));
    return link::segment::lend(std::move(one.owned));
  }
  return nullptr;
}

void result_segments::take(std::unique_ptr<link::segment> unused) noexcept {
  const std::lock_guard lock(mutex_);
  for (std::size_t place = 0; place < entries_.size(); ++place) {
    auto& one = entries_[place];
    if (one.number != unused->number())
      continue;
    if (closed_) {
      give_up(one);
      return;
    }
    one.owned = std::move(unused);
    one.owned->idle_since = std::chrono::steady_clock::now();
    region_->header().returned.fetch_or(bit(place));
    return;
  }
}

std::vector<std::uint64_t> result_segments::trim(time_point idle_since) {
  const std::lock_guard lock(mutex_);
  std::vector<std::uint64_t> given_up;
  given_up.reserve(entries_.size());
  for (std::size_t place = 0; place < entries_.size(); ++place) {
    auto& one = entries_[place];
    if (one.owned == nullptr || one.owned->idle_since > idle_since ||
        (region_->header().returned.fetch_and(~bit(place)) & bit(place)) == 0)
      continue; // the child has taken it for a result
    given_up.push_back(one.number);
    give_up(one);
  }
  return given_up;
}

bool result_segments::empty() const {
  const std::lock_guard lock(mutex_);
  return bytes_ == 0;
}

void result_segments::close() noexcept {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  for (auto& one : entries_)
    if (one.owned != nullptr)
      give_up(one);
}

void result_segments::give_up(entry& which) noexcept {
  bytes_ -= which.size;
  bytes_of_all_children.fetch_sub(which.size);
  which = {};
}

} // namespace troupe::parent
