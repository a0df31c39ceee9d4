#include "parent/child/reports.hpp"

#include "base/escape.hpp"
#include "parent/child/log.hpp"

#include <troupe/codec.hpp>
#include <troupe/report.hpp>

#include <exception>
#include <map>
#include <mutex>
#include <string>
#include <utility>

namespace troupe {

namespace {

using handler = callback<const report&>;

/// Who wants which reports. Made for threads that set handlers while the loop's looks for them.
class report_handlers {
public:
  void set(std::string topic, handler wanted) {
    const std::lock_guard lock(mutex_);
    if (wanted)
      of_topic_[std::move(topic)] = std::move(wanted);
    else
      of_topic_.erase(topic);
  }
  handler find(const std::string& topic) {
    const std::lock_guard lock(mutex_);
    const auto found = of_topic_.find(topic);
    return found == of_topic_.end() ? handler() : found->second;
  }

private:
  std::mutex mutex_;
  std::map<std::string, handler> of_topic_; // guarded by mutex_
};

report_handlers& handlers() {
  // Never destroyed: a runtime may be global.
  static auto* const instance = new report_handlers;
  return *instance;
}

} // namespace

void on_report(std::string topic, callback<const report&> handler) {
  handlers().set(std::move(topic), std::move(handler));
}

void parent::hand_over_report(std::span<const std::byte> payload, pid_t child) {
  decoder in(payload);
  const auto topic = in.make<std::string>();
  const auto text = in.make<std::string>();
  in.finish();
  const auto told = handlers().find(topic);
  if (!told)
    return;
  try {
    told({topic, text, child});
  } catch (const std::exception& e) {
    log()->warn(
      "the handler of reports of \"{}\" threw: {}", base::escape(topic), base::escape(e.what()));
  } catch (...) {
    log()->warn("the handler of reports of \"{}\" threw", base::escape(topic));
  }
}

} // namespace troupe
