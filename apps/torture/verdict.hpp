#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

namespace torture {

/// The five figures that every sub-command has.
struct counts {
  std::uint64_t submitted = 0;
  std::uint64_t resolved = 0;
  std::uint64_t lost = 0;       ///< resolved with the death of their child
  std::uint64_t duplicated = 0; ///< begun, or resolved, more than once
  std::uint64_t hung = 0;       ///< have not resolved

  counts& operator+=(const counts& more);
};

/// What a sub-command has found: figures of its own, and each way in which the contract was broken. Thread-safe.
class verdict {
public:
  void figure(const std::string& name, const std::string& value);
  void figure(const std::string& name, std::uint64_t value);
  /// With two digits after the point.
  void figure(const std::string& name, double value);

  /// A sentence without a full stop.
  void broken(const std::string& sentence);
  /// The same, unless `holds`.
  void require(bool holds, const std::string& sentence);

  /// Prints the line on stdout, and what is broken on stderr. Gives the exit code.
  int print(const std::string& name, const counts& of) const;

private:
  static constexpr std::size_t most_sentences = 10;

  mutable std::mutex lock_;
  std::vector<std::string> figures_;
  std::vector<std::string> sentences_;
  std::uint64_t more_ = 0; // sentences that are not kept
};

} // namespace torture
