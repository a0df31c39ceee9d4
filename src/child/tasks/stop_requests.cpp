#include "child/tasks/stop_requests.hpp"

#include "base/unique_fd.hpp"

#include <cerrno>
#include <csignal>
#include <vector>

#include <pthread.h>
#include <sys/epoll.h>

namespace troupe::child {

std::stop_token stop_requests::token(std::uint32_t slot, task_id task, bool blocks_loop) {
  std::unique_lock lock(mutex_);
  any_.store(true, std::memory_order_release);
  auto& mine = entries_[slot];
  if (mine.task != task)
    mine = {task, std::stop_source()};
  auto source = mine.source;
  if (blocks_loop && !listening_)
    listen();
  lock.unlock();
  if (slots_.is_to_stop(slot, task)) // perhaps before anybody listened
    source.request_stop();
  return source.get_token();
}

void stop_requests::look() {
  std::vector<std::stop_source> marked;
  {
    const std::lock_guard lock(mutex_);
    for (auto& [slot, each] : entries_)
      if (slots_.is_to_stop(slot, each.task))
        marked.push_back(each.source);
  }
  for (auto& source : marked)
    source.request_stop(); // runs callbacks of the user
}

void stop_requests::erase(std::uint32_t slot) {
  const std::lock_guard lock(mutex_);
  entries_.erase(slot);
}

// The thread never ends: children leave without running destructors.
void stop_requests::listen() {
  std::thread([this] { run(); }).detach();
  listening_ = true;
}

void stop_requests::run() {
  ::pthread_setname_np(::pthread_self(), "troupe-stop");
  sigset_t all;
  sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, nullptr);
  const base::unique_fd poll(::epoll_create1(EPOLL_CLOEXEC));
  epoll_event wanted{};
  wanted.events = EPOLLIN | EPOLLET; // what has come once is the loop's to read
  if (!poll || ::epoll_ctl(poll.get(), EPOLL_CTL_ADD, control_, &wanted) != 0)
    return; // the tokens still work for tasks that leave the loop free
  for (;;) {
    look();
    epoll_event seen{};
    if (::epoll_wait(poll.get(), &seen, 1, -1) < 0 && errno != EINTR)
      return;
    if ((seen.events & (EPOLLHUP | EPOLLERR)) != 0)
      return;
  }
}

} // namespace troupe::child
