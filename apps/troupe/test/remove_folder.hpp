#pragma once

#include <string>

namespace troupe_cli::test {

/// Removes a folder with all that is in it, also where a test has left folders in it that nobody may write or look into. What
/// cannot be removed stays.
void remove_folder(const std::string& path);

} // namespace troupe_cli::test
