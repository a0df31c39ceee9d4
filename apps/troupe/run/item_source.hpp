#pragma once

#include "jobs/job.hpp"
#include "lines/byte_input.hpp"
#include "run/item_pipe.hpp"
#include "run/item_pool.hpp"

#include <memory>
#include <optional>
#include <string>

namespace troupe_cli {

/// The items of a job, one after the other. For one thread.
class item_source {
public:
  virtual ~item_source() = default;
  /// The next one; nothing at the end, and when the bell rings while it waits for one. Throws `std::runtime_error` if the
  /// input cannot be read further.
  virtual std::optional<item> next() = 0;
};

/// Opens what a job reads, with `as` and `each` applied. `results` are those of the job that it takes them from.
/// Throws `std::runtime_error`.
std::unique_ptr<item_source> open_items(
  const job_input& from, const stop_bell& bell, std::shared_ptr<item_pipe> results);

} // namespace troupe_cli
