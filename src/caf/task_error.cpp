#include "caf/task_error.hpp"

#include <troupe/errors.hpp>
#include <troupe/proxy_exception.hpp>

#include <boost/core/demangle.hpp>

#include <new>
#include <optional>
#include <typeinfo>
#include <utility>

namespace troupe {

namespace {

// What there is to tell of an exception.
struct description {
  task_error code = task_error::failed;
  std::string text = "an exception that is not a std::exception";
  std::string type;
};

task_error code_of(const std::exception& thrown) {
  if (dynamic_cast<const proxy_exception*>(&thrown) != nullptr)
    return task_error::threw;
  if (dynamic_cast<const child_lost*>(&thrown) != nullptr)
    return task_error::lost;
  if (dynamic_cast<const task_cancelled*>(&thrown) != nullptr)
    return task_error::cancelled;
  if (dynamic_cast<const task_timeout*>(&thrown) != nullptr)
    return task_error::timeout;
  if (dynamic_cast<const task_expired*>(&thrown) != nullptr)
    return task_error::expired;
  if (dynamic_cast<const pool_closed*>(&thrown) != nullptr)
    return task_error::closed;
  if (dynamic_cast<const pool_failed*>(&thrown) != nullptr ||
      dynamic_cast<const decode_error*>(&thrown) != nullptr)
    return task_error::failed;
  return task_error::rejected; // queue_full, what the scheduler has thrown, options out of range
}

description describe(const std::exception_ptr& failure) {
  description result;
  try {
    std::rethrow_exception(failure);
  } catch (const std::exception& thrown) {
    result.code = code_of(thrown);
    result.text = thrown.what();
    if (const auto* proxy = dynamic_cast<const proxy_exception*>(&thrown))
      result.type = proxy->type();
    else
      result.type = boost::core::demangle(typeid(thrown).name());
  } catch (...) {
    result.code = task_error::rejected;
  }
  return result;
}

// The element of an error's context at that position, or null.
template <class T>
const T* context_part(const caf::error& failure, std::size_t position) {
  if (!failure || failure.category() != compat::task_error_category)
    return nullptr;
  const auto& context = failure.context();
  if (position >= context.size() || !context.match_element<T>(position))
    return nullptr;
  return &context.get_as<T>(position);
}

} // namespace

std::string to_string(task_error code) {
  switch (code) {
  case task_error::threw:
    return "threw";
  case task_error::lost:
    return "lost";
  case task_error::cancelled:
    return "cancelled";
  case task_error::timeout:
    return "timeout";
  case task_error::expired:
    return "expired";
  case task_error::rejected:
    return "rejected";
  case task_error::closed:
    return "closed";
  case task_error::failed:
    return "failed";
  }
  return "unknown";
}

caf::error make_error(task_error code) {
  return compat::error_with(code, {});
}

std::string message_of(const caf::error& failure) {
  const auto* text = context_part<std::string>(failure, 0);
  return text != nullptr ? *text : std::string();
}

std::string type_of(const caf::error& failure) {
  const auto* type = context_part<std::string>(failure, 1);
  return type != nullptr ? *type : std::string();
}

void rethrow(const caf::error& failure) {
  if (const auto* original = context_part<compat::original_exception>(failure, 2))
    if (original->thrown)
      std::rethrow_exception(original->thrown);
  if (failure && failure.category() == compat::task_error_category) {
    const auto code = static_cast<task_error>(failure.code());
    const auto text = compat::text_of(code, failure.context());
    switch (code) {
    case task_error::threw:
      throw remote_error(text);
    case task_error::cancelled:
      throw task_cancelled(text);
    case task_error::timeout:
      throw task_timeout(text);
    case task_error::expired:
      throw task_expired(text);
    case task_error::closed:
      throw pool_closed(text);
    case task_error::failed:
      throw pool_failed(text);
    default:
      throw error(text);
    }
  }
  throw error("a CAF error: " + caf::to_string(failure));
}

namespace compat {

namespace {

// There was no memory for more. Without any, there is no error at all: even its number takes memory.
caf::error bare_error(task_error code) noexcept {
  try {
    return make_error(code);
  } catch (const std::bad_alloc&) {
    return {};
  }
}

// Without a code it is the one of what was thrown.
caf::error described_error(
  std::optional<task_error> code, const std::exception_ptr& failure) noexcept {
  try {
    auto what = describe(failure);
    return error_with(code.value_or(what.code),
      caf::make_message(std::move(what.text), std::move(what.type), original_exception{failure}));
  } catch (const std::bad_alloc&) {
    return bare_error(code.value_or(task_error::failed));
  }
}

} // namespace

caf::error error_of(task_error code, const std::exception_ptr& failure) noexcept {
  return described_error(code, failure);
}

caf::error error_of(const std::exception_ptr& failure) noexcept {
  return described_error(std::nullopt, failure);
}

std::string text_of(task_error code, const caf::message& context) {
  std::string text = "task_error::" + to_string(code);
  if (context.size() > 0 && context.match_element<std::string>(0))
    text += ": " + context.get_as<std::string>(0);
  return text;
}

} // namespace compat
} // namespace troupe
