#pragma once

#include <cstdint>

namespace torture {

/// In a child: finds its link as an attacker would, by its mappings and descriptors, and does to it what nobody may, in
/// one of so many ways. May not return; what comes after it in this process is not to be relied on.
void attack_link(std::uint64_t way, std::uint64_t seed);
constexpr std::uint64_t attack_ways = 12;

} // namespace torture
