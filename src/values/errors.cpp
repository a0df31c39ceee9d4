#include <troupe/errors.hpp>

#include "base/hex.hpp"
#include "base/limits.hpp"
#include "base/utf8.hpp"
#include "values/titles.hpp"

#include <csignal>
#include <cstring>
#include <string_view>
#include <utility>

namespace troupe {

std::string describe_signal(int number) {
  const auto text = "signal " + std::to_string(number);
  const char* const name = ::sigabbrev_np(number);
  if (name != nullptr)
    return text + " (SIG" + name + ", " + ::sigdescr_np(number) + ")";
  if (number >= SIGRTMIN && number <= SIGRTMAX)
    return text + " (SIGRTMIN+" + std::to_string(number - SIGRTMIN) + ")";
  return text;
}

namespace {

std::string place_of_crash(const child_exit& exit) {
  std::string text;
  if (exit.stack_overflow)
    text += " by a stack overflow";
  if (exit.address && !exit.stack_overflow)
    text += *exit.address == 0 ? " at address 0 (null)" : " at address " + base::hex(*exit.address);
  if (exit.thread != 0 && exit.thread != exit.pid)
    text += " in thread " + std::to_string(exit.thread) +
            (exit.thread_name.empty() ? "" : " (" + exit.thread_name + ")");
  return text;
}

} // namespace

std::string child_exit::describe() const {
  std::string text;
  if (pid == 0)
    text = "was not started";
  else if (!status_known)
    text = "ended, and other code in this process took its exit status";
  else if (signal != 0)
    text = "was ended by " + describe_signal(signal) + place_of_crash(*this);
  else
    text = "exited with code " + std::to_string(exit_code);
  if (!reason.empty())
    text += " (" + reason + ")";
  else if (!hint.empty())
    text += " (" + hint + ")";
  return text;
}

std::string child_exit::last_words() const {
  if (!message.empty())
    return "; it said: " + std::string(detail::utf8_prefix(message, limits::shown_message_bytes));
  const auto end = stderr_tail.find_last_not_of('\n');
  if (end == std::string::npos)
    return {};
  const auto before = stderr_tail.rfind('\n', end);
  const auto begin = before == std::string::npos ? 0 : before + 1;
  const auto line = std::string_view(stderr_tail).substr(begin, end + 1 - begin);
  return "; its last line on stderr: " +
         std::string(detail::utf8_prefix(line, limits::shown_output_bytes));
}

namespace {

std::string lost_message(task_id task, const child_exit& exit, bool culprit,
  const std::vector<task_id>& suspects, const std::string& name) {
  std::string text = detail::title_of_task(task, name) + " is lost: child " +
                     std::to_string(exit.slot) + " (pid " + std::to_string(exit.pid) + ") " +
                     exit.describe();
  if (culprit)
    text += " while it ran this task";
  else if (suspects.size() == 1)
    text += " while it ran " + detail::title_of_task(suspects.front(), {});
  return text + exit.last_words();
}

} // namespace

child_lost::child_lost(task_id task, child_exit exit, bool culprit, std::vector<task_id> suspects,
  const std::string& name)
  : child_lost(lost_message(task, exit, culprit, suspects, name), task, exit, culprit, suspects) {}

child_lost::child_lost(const std::string& message, task_id task, child_exit exit, bool culprit,
  std::vector<task_id> suspects)
  : error(message)
  , task_(task)
  , culprit_(culprit)
  , exit_(std::make_shared<const child_exit>(std::move(exit)))
  , suspects_(std::make_shared<const std::vector<task_id>>(std::move(suspects))) {}

child_lost::child_lost(const std::string& name, task_id task, child_exit exit)
  : error(name + " is lost: its child (pid " + std::to_string(exit.pid) + ") " + exit.describe() +
          " before it had a result" + exit.last_words())
  , task_(task)
  , culprit_(true)
  , exit_(std::make_shared<const child_exit>(std::move(exit)))
  , suspects_(std::make_shared<const std::vector<task_id>>(1, task)) {}

} // namespace troupe
