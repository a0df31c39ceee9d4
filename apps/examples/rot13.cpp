// A plugin. It knows nothing of troupe.
#include <cstdlib>
#include <string>

namespace {

// Moves each small letter by 13 places; does not survive a digit.
std::string rot13(std::string text) {
  for (auto& letter : text) {
    if (letter >= '0' && letter <= '9')
      std::abort();
    if (letter >= 'a' && letter <= 'z')
      letter = static_cast<char>('a' + (letter - 'a' + 13) % 26);
  }
  return text;
}

} // namespace

/// What the host looks for.
extern "C" std::string (*plugin_transform())(std::string) {
  return &rot13;
}
