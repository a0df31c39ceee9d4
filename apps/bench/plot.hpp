#pragma once

#include "report.hpp"

#include <string>
#include <vector>

namespace bench {

/// The commands by which gnuplot draws what was measured into `file`: a panel for each title, with the first quantity
/// of its contenders: medians as bars, from the least to the most; or as lines, if it was measured at several places.
std::string plot_commands(const std::vector<measurement>& all, const std::string& file);

/// Throws `std::runtime_error`, which says what to do, if gnuplot is not installed or the file cannot be written: to be
/// called before anything is measured for it.
void check_plot(const std::string& file);

/// Draws it. Throws `std::runtime_error` if gnuplot fails.
void plot(const std::vector<measurement>& all, const std::string& file);

} // namespace bench
