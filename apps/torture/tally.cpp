#include "tally.hpp"

#include <troupe/errors.hpp>
#include <troupe/proxy_exception.hpp>

#include <string>
#include <unordered_map>

namespace torture {

namespace {

std::string task_text(std::uint64_t task) {
  return "task " + std::to_string(task);
}

std::string times(std::uint32_t count) {
  return std::to_string(count) + (count == 1 ? " time" : " times");
}

} // namespace

outcome tally::kind_of(const std::exception_ptr& failure, pid_t& blamed) {
  if (failure == nullptr)
    return outcome::value;
  try {
    std::rethrow_exception(failure);
  } catch (const troupe::child_lost& lost) {
    blamed = lost.pid();
    return outcome::lost;
  } catch (const troupe::task_cancelled&) {
    return outcome::cancelled;
  } catch (const troupe::task_timeout&) {
    return outcome::timed_out;
  } catch (const troupe::proxy_exception& proxy) {
    blamed = proxy.pid();
    return outcome::threw;
  } catch (...) {
    return outcome::refused;
  }
}

void tally::resolved(std::uint64_t task, const std::exception_ptr& failure) {
  pid_t blamed = 0;
  const auto how = kind_of(failure, blamed);
  resolved(task, how, blamed);
}

void tally::resolved(std::uint64_t task, outcome how, pid_t blamed) {
  auto& noted = account::here().of(task);
  noted.how.store(static_cast<std::uint32_t>(how), std::memory_order_relaxed);
  noted.blamed.store(blamed, std::memory_order_relaxed);
  noted.resolved.fetch_add(1, std::memory_order_relaxed);
  resolved_.fetch_add(1, std::memory_order_relaxed);
  beat();
}

counts tally::unsettled() const {
  const auto submitted = submitted_.load() + open_.load();
  const auto resolved = resolved_.load();
  return {.submitted = submitted,
    .resolved = resolved,
    .hung = submitted > resolved ? submitted - resolved : 0};
}

void tally::check(std::uint64_t task, const entry& noted) {
  const auto begun = noted.begun.load();
  const auto ended = noted.ended.load();
  const auto resolved = noted.resolved.load();
  total_.resolved += resolved > 0 ? 1 : 0;
  if (resolved == 0) {
    ++total_.hung;
    says_.broken(task_text(task) + " has no outcome");
  }
  if (resolved > 1 || begun > 1) {
    ++total_.duplicated;
    says_.broken(
      task_text(task) + " was begun " + times(begun) + " and resolved " + times(resolved));
  }
  const auto how = static_cast<outcome>(noted.how.load());
  if (how == outcome::value && (begun != 1 || ended != 1))
    says_.broken(task_text(task) + " has a value, and by its own account it was begun " +
                 times(begun) + " and ended " + times(ended));
  if (how == outcome::refused && begun != 0)
    says_.broken(task_text(task) + " is said not to have run, and was begun " + times(begun));
  if (how == outcome::threw && begun != 1)
    says_.broken(task_text(task) + " has thrown, and was begun " + times(begun));
  if (how == outcome::lost && begun == 1 && noted.blamed.load() != noted.pid.load())
    says_.broken(task_text(task) + " is lost with process " + std::to_string(noted.blamed.load()) +
                 ", and was begun in process " + std::to_string(noted.pid.load()));
}

void tally::settle() {
  struct deaths {
    std::size_t lost = 0;
    std::size_t unbegun = 0;
  };
  std::unordered_map<pid_t, deaths> by_child;
  for_each([&](std::uint64_t task, const entry& noted) {
    check(task, noted);
    ++total_.submitted;
    if (noted.how.load() != static_cast<std::uint32_t>(outcome::lost))
      return;
    ++total_.lost;
    auto& child = by_child[noted.blamed.load()];
    ++child.lost;
    child.unbegun += noted.begun.load() == 0 ? 1 : 0;
  });
  for (const auto& [pid, child] : by_child) {
    unbegun_ += child.unbegun;
    // A child claims coroutines, several at a time, before it comes to their first lines.
    if (child.unbegun > 1 && most_begun_ == 1)
      says_.broken("process " + std::to_string(pid) + " took " + std::to_string(child.unbegun) +
                   " tasks with it that it had not begun");
    if (child.lost > most_begun_)
      says_.broken("process " + std::to_string(pid) + " took " + std::to_string(child.lost) +
                   " tasks with it, and may begin " + std::to_string(most_begun_) +
                   " at the same time");
  }
  submitted_ = 0;
  open_ = 0;
  resolved_ = 0;
  account::here().clear();
}

} // namespace torture
