#pragma once

namespace troupe_cli {

/// What every verb of the command ends with. A signal that ended it is 128 and its number, as shells have it.
enum class exit_code {
  ok = 0,
  failed = 1,  ///< something that was run has failed
  usage = 2,   ///< the command line or a file is wrong; nothing was started
  stopped = 3, ///< stopped early, by `--halt` or a request to drain; it can be resumed
  nothing = 4, ///< nothing matched
  broken = 5,  ///< troupe itself failed: a full disk, a list that could not be read
};

} // namespace troupe_cli
