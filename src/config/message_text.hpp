#pragma once

#include <string>
#include <string_view>

namespace troupe::detail {

// Text from a configuration file is shown on terminals and written to logs, and may be anything.
// These make it printable: control characters and bytes that are not UTF-8 become escape sequences,
// and what is too long is cut off.

/// Whether `text` can be shown as it is.
bool is_printable(std::string_view text);

/// A value, in quotation marks.
std::string quoted_for_message(std::string_view value);

/// A part of a key, as one would write it in TOML: in quotation marks only if it needs them.
std::string key_for_message(std::string_view key);

/// A file name. If it is too long its end is kept, which says more than its beginning.
std::string file_for_message(std::string_view file);

/// A sentence that has text from the file in it.
std::string sentence_for_message(std::string_view sentence);

} // namespace troupe::detail
