#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

/// What a target defines, and drivers call: libFuzzer, or driver.cpp. It returns 0, and ends the process by `abort`, or
/// by an exception that leaves it, where something does not hold.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace troupe::fuzz {

/// Inputs to begin with that are not files: a target that reads the lines of a text gives them here, in its own form.
/// Optional. `argument` is what follows `--seeds` on the command line.
[[gnu::weak]] std::vector<std::string> own_seeds(const std::string& argument);

} // namespace troupe::fuzz
