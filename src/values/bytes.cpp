#include <troupe/detail/bytes.hpp>

#include "base/limits.hpp"
#include "values/block_source.hpp"

#include <algorithm>
#include <atomic>
#include <vector>

namespace troupe::values {

namespace {
std::atomic<block_source> source_of_blocks = nullptr;
}

void set_block_source(block_source source) noexcept {
  source_of_blocks.store(source, std::memory_order_release);
}

} // namespace troupe::values

namespace troupe::detail {

namespace {

// Room beyond what a value may take is not looked at again when it is used: there is none.
std::size_t usable(std::size_t capacity, std::size_t least) noexcept {
  return std::max<std::size_t>(std::min<std::size_t>(capacity, limits::max_value_bytes), least);
}

} // namespace

memory_block::~memory_block() = default;

block_ptr memory_block::share() noexcept {
  auto seen = owners_.load();
  while (seen != 0)
    if (owners_.compare_exchange(seen, seen + 1))
      return block_ptr::adopt(this);
  return nullptr;
}

struct bytes::block_list {
  std::vector<block_ptr> blocks;
};

bytes bytes::in_block(block_ptr block, std::size_t size) noexcept {
  bytes result;
  result.heap_ = block->data();
  result.capacity_ = block->capacity();
  result.size_ = size;
  result.small_.large = {block.detach(), nullptr};
  return result;
}

void bytes::grow(std::size_t least) {
  const auto capacity = usable(capacity_ * 2, least);
  move_to(new std::byte[capacity], capacity, nullptr);
}

void bytes::grow_to_cross(std::size_t least) {
  const auto source = least < limits::least_segment_bytes
                        ? nullptr
                        : values::source_of_blocks.load(std::memory_order_acquire);
  if (source == nullptr)
    return grow(least);
  // Of what comes in one piece no more is wanted; what grows in many is about to need more.
  const auto wanted = size_ < least / 2 ? least : least + least / 2;
  if (auto block = source(wanted)) {
    auto* const memory = block->data();
    const auto capacity = usable(block->capacity(), least);
    move_to(memory, capacity, block.detach());
  } else {
    grow(least);
  }
}

void bytes::move_to(std::byte* memory, std::size_t capacity, memory_block* block) noexcept {
  if (size_ > 0)
    std::memcpy(memory, data(), size_);
  block_list* attached = nullptr;
  if (heap_ != nullptr) {
    attached = std::exchange(small_.large.attached, nullptr);
    free_heap();
  }
  heap_ = memory;
  capacity_ = capacity;
  small_.large = {block, attached};
}

void bytes::free_heap() noexcept {
  if (small_.large.block != nullptr)
    drop_owner(small_.large.block);
  else
    delete[] heap_;
  detach_all();
}

void bytes::detach_all() noexcept {
  delete std::exchange(small_.large.attached, nullptr);
}

void bytes::attach(block_ptr block) {
  if (heap_ == nullptr)
    grow(2 * inline_capacity);
  auto& list = small_.large.attached;
  if (list == nullptr)
    list = new block_list;
  if (std::find(list->blocks.begin(), list->blocks.end(), block) == list->blocks.end())
    list->blocks.push_back(std::move(block));
}

void bytes::attach_all(const bytes& others) {
  for (std::size_t i = 0; auto* const block = others.attached(i); ++i)
    attach(block_ptr(block));
}

memory_block* bytes::attached(std::size_t i) const noexcept {
  if (heap_ == nullptr || small_.large.attached == nullptr ||
      i >= small_.large.attached->blocks.size())
    return nullptr;
  return small_.large.attached->blocks[i].get();
}

std::span<const std::byte> view(const bytes& b) noexcept {
  return {b.data(), b.size()};
}

} // namespace troupe::detail
