#pragma once

#include <troupe/pool.hpp>

#include <atomic>
#include <cstdint>
#include <random>
#include <thread>

namespace torture {

/// While it lives, it kills children of a pool at random, so many a second, in whatever state they are.
class killer {
public:
  killer(troupe::pool& of, double kills_per_second, std::uint64_t seed);
  killer(const killer&) = delete;
  ~killer();

  std::uint64_t kills() const { return kills_; }

private:
  void go(const std::stop_token& over, double kills_per_second, std::uint64_t seed);

  troupe::pool& pool_;
  std::atomic<std::uint64_t> kills_ = 0;
  std::jthread thread_;
};

} // namespace torture
