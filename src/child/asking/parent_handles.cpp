#include "child/asking/parent_handles.hpp"

#include "base/limits.hpp"
#include "child/runtime/copies.hpp"
#include "values/task_options_codec.hpp"

#include <troupe/errors.hpp>
#include <troupe/report.hpp>

#include <algorithm>
#include <stdexcept>
#include <string>
#include <utility>

namespace troupe::child {

namespace {

struct connection {
  requests* asked = nullptr;
  nested_wait* waits = nullptr;
};

connection& parent() {
  static connection instance;
  return instance;
}

template <class Head>
void append_head(detail::bytes& out, const Head& head) {
  out.append(&head, sizeof head);
}

void check_size(std::size_t request) {
  if (request > limits::max_message_bytes)
    throw encode_error("a task that a child submits takes " + std::to_string(request) +
                       " bytes with its options, but " + std::to_string(limits::max_message_bytes) +
                       " are the limit: pass its arguments in parts, or by the name of a file");
}

class remote_pool final : public detail::pool_port {
public:
  explicit remote_pool(std::uint64_t id)
    : id_(id) {}

  std::uint64_t id() const noexcept override { return id_; }

  void check_open() const override {} // the parent knows, and answers

  void submit(detail::task_ptr task) override {
    link::submit_head head;
    head.pool = id_;
    head.code = link::call_head::of(task->code);
    detail::bytes options;
    if (task->options) {
      encoder out(options);
      values::encode_options(out, *task->options);
    }
    head.option_bytes = options.size();
    check_size(sizeof head + options.size() + task->arguments().size());
    detail::bytes payload;
    append_head(payload, head);
    payload.append(options.data(), options.size());
    payload.append(task->arguments().data(), task->arguments().size());
    payload.attach_all(task->arguments());
    task->release_arguments();
    parent().asked->ask(
      link::service::submit, parent().waits->calling_cell(), std::move(payload), task);
  }

  void submit(std::vector<detail::task_ptr> tasks) override {
    for (auto& task : tasks)
      submit(std::move(task));
  }

  void cancel(detail::task_ptr task, bool started_too) override {
    parent().asked->withdraw(task, started_too);
  }

  std::chrono::nanoseconds average_time() const noexcept override {
    return std::chrono::nanoseconds::zero(); // the parent knows
  }

  std::size_t shares(detail::call_kind) const override {
    return 0; // each task is a request of its own
  }

  bool wait(detail::promise& task, std::chrono::steady_clock::time_point deadline,
    const char* what) override {
    parent().waits->check_may_wait(what);
    return parent().waits->until_done(task, deadline, true);
  }

  std::shared_ptr<void> lend() override { return parent().waits->lend(); }

private:
  const std::uint64_t id_;
};

class remote_queue final : public detail::queue_port {
public:
  explicit remote_queue(std::uint64_t id)
    : id_(id) {}

  std::uint64_t id() const noexcept override { return id_; }

  void push(const detail::promise_ptr& operation, detail::bytes&& item,
    std::chrono::nanoseconds patience) override {
    ask(link::service::push, operation, patience, item);
  }
  void pop(const detail::promise_ptr& operation, std::chrono::nanoseconds patience) override {
    ask(link::service::pop, operation, patience, detail::bytes());
  }
  void close() override {
    ask(link::service::close, detail::promise_ptr(new detail::promise),
      std::chrono::nanoseconds::zero(), detail::bytes());
  }
  void withdraw(const detail::promise_ptr& operation) override {
    parent().asked->withdraw(operation);
  }

  void check_may_wait(const char* what) const override { parent().waits->check_may_wait(what); }
  void wait(detail::promise& operation) override {
    parent().waits->until_done(operation, std::chrono::steady_clock::time_point::max(), false);
  }

private:
  void ask(link::service what, const detail::promise_ptr& operation,
    std::chrono::nanoseconds patience, const detail::bytes& item) const {
    const auto least = std::max(patience, std::chrono::nanoseconds::zero());
    detail::bytes payload;
    append_head(payload, link::queue_head{id_, least.count()});
    payload.append(item.data(), item.size());
    payload.attach_all(item);
    parent().asked->ask(what, parent().waits->calling_cell(), std::move(payload), operation);
  }

  const std::uint64_t id_;
};

// What runs in a zygote has no parent to ask.
void check_connected() {
  if (parent().asked == nullptr)
    throw decode_error(
      "a handle of a pool or a queue can be used in a child, not in a preload call");
}

} // namespace

void connect_handles(requests& asked, nested_wait& waits) {
  parent() = {&asked, &waits};
}

detail::pool_ref pool_in_parent(std::uint64_t id) {
  check_connected();
  return std::make_shared<remote_pool>(id);
}

detail::queue_ref queue_in_parent(std::uint64_t id) {
  check_connected();
  return std::make_shared<remote_queue>(id);
}

} // namespace troupe::child

void troupe::this_child::report(std::string_view topic, std::string_view text) {
  if (child::parent().asked == nullptr || child::is_copy())
    throw std::logic_error(
      "troupe::this_child::report: this process is not a child, and has no parent to report to");
  if (topic.size() > limits::max_report_bytes || text.size() > limits::max_report_bytes)
    throw encode_error("a report takes " + std::to_string(std::max(topic.size(), text.size())) +
                       " bytes, but " + std::to_string(limits::max_report_bytes) +
                       " are the limit: write it to a file and report the name");
  detail::bytes payload;
  encoder out(payload);
  out(std::string(topic));
  out(std::string(text));
  child::parent().asked->tell(link::frame_kind::report, std::move(payload));
}
