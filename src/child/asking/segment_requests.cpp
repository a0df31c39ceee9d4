#include "child/asking/segment_requests.hpp"

#include "base/limits.hpp"
#include "child/runtime/copies.hpp"
#include "link/segment_list.hpp"
#include "values/block_source.hpp"

#include <troupe/errors.hpp>

#include <atomic>
#include <chrono>
#include <cstring>
#include <new>
#include <stdexcept>
#include <utility>

namespace troupe::child {

namespace {

using clock = std::chrono::steady_clock;

struct segment_desk {
  parent_link* link = nullptr;
  requests* asked = nullptr;
  nested_wait* waits = nullptr;
  std::atomic<clock::rep> pause_until = 0; // none is asked for before then
};

segment_desk& desk() {
  static segment_desk instance;
  return instance;
}

detail::promise_ptr ask_for(link::segment_use use, std::size_t size) {
  detail::bytes payload;
  link::make_segment_head head;
  head.size = size;
  head.use = use;
  payload.append(&head, sizeof head);
  detail::promise_ptr answer(new detail::promise);
  desk().asked->ask(link::service::make_segment, link::no_cell, std::move(payload), answer);
  return answer;
}

std::uint64_t number_in(const detail::promise& answer) {
  std::uint64_t number = 0;
  const auto& payload = answer.result().payload;
  if (answer.error() == nullptr && payload.size() == sizeof number)
    std::memcpy(&number, payload.data(), sizeof number);
  return number;
}

// There are enough from the second or third result on, so the parent is rarely asked. It may be slow: it may be
// stopped, or run code of the program on its loop.
detail::block_ptr block_for_result(std::size_t least) noexcept {
  try {
    if (is_copy())
      return nullptr;
    if (auto found = desk().link->segments().take_for_result(least))
      return found;
    const auto now = clock::now();
    if (now.time_since_epoch().count() < desk().pause_until.load())
      return nullptr;
    const auto answer = ask_for(link::segment_use::result, least);
    if (desk().waits->until_done(*answer, now + limits::segment_patience, false) &&
        number_in(*answer) != 0)
      return desk().link->segments().take_for_result(least);
    desk().pause_until.store((clock::now() + limits::segment_pause).time_since_epoch().count());
  } catch (const std::exception&) {
    // It does without.
  }
  return nullptr;
}

} // namespace

void connect_segments(parent_link& link, requests& asked, nested_wait& waits) {
  desk().link = &link;
  desk().asked = &asked;
  desk().waits = &waits;
  values::set_block_source(&block_for_result);
  link.segments().on_let_go([&link, &asked](std::uint64_t number, std::uint64_t times) {
    asked.post([&link, number, times] {
      link::frame_header header;
      header.kind = link::frame_kind::let_go;
      header.task = number;
      header.extra = times;
      link.send(header, {});
    });
  });
}

detail::block_ptr buffer_from_parent(std::size_t size) {
  if (desk().asked == nullptr)
    throw std::logic_error(
      "troupe::shared_buffer: a child can make one once it has been set up, not in a preload call");
  const auto answer = ask_for(link::segment_use::buffer, size);
  desk().waits->until_done(*answer, clock::time_point::max(), false);
  if (const auto failure = answer->error())
    std::rethrow_exception(failure);
  auto* const made = answer->result().payload.attached(0);
  if (made == nullptr)
    throw std::bad_alloc();
  return detail::block_ptr(made);
}

} // namespace troupe::child
