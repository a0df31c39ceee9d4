#pragma once

#include "footprint.hpp"
#include "settings.hpp"
#include "tally.hpp"
#include "verdict.hpp"
#include "watch.hpp"

#include <troupe/runtime.hpp>

#include <random>
#include <span>
#include <string>
#include <vector>

namespace torture {

/// What a sub-command works with.
struct arena {
  troupe::runtime& rt;
  const settings& with;
  tally& tasks;
  verdict& says;
  watch& watched;
  std::mt19937_64& random;
};

/// A sub-command.
struct sub_command {
  const char* name;
  const char* summary;
  void (*run)(arena& in);
  bool all_methods = false; ///< uses every start method, unless one is given; else:
  troupe::start_method own_method = troupe::start_method::spawn;
  std::uint64_t least_tasks = 1; ///< with fewer there is nothing to judge
};

std::span<const sub_command> sub_commands();

/// The start methods that `with` asks for: all of them, unless it names one.
std::vector<troupe::start_method> methods(const settings& with);

/// Uses a pool of each of these methods once, so that what stays for the next pool is there already.
void warm_up(arena& in, const std::vector<troupe::start_method>& with);

void kill(arena& in);
void blast(arena& in);
void poison(arena& in);
void detect(arena& in);
void leak(arena& in);
void orphans(arena& in);
void race(arena& in);
void stop(arena& in);
void stall(arena& in);
void hostile(arena& in);
void fork(arena& in);
void alloc(arena& in);

} // namespace torture
