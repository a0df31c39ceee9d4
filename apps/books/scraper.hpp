#pragma once

#include "book.hpp"

#include <troupe/pool.hpp>

#include <cstddef>
#include <string>
#include <vector>

namespace books {

/// What a run has found.
struct scraped {
  std::vector<book> books;  // in the order of the links to them
  std::size_t requests = 0; // pages asked for
  std::size_t failed = 0;   // of these
};

/// Loads the list pages 1 to `pages` of the shop at `url`, and all books that they link to, in the
/// children of `pool`. Shows its progress and what fails on standard error, and goes on without
/// pages that fail. Throws `troupe::pool_failed`, and `troupe::task_cancelled` if the pool is
/// terminated meanwhile.
scraped scrape(troupe::pool& pool, const std::string& url, std::size_t pages);

} // namespace books
