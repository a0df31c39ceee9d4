// Runs a target without libFuzzer, with any compiler: the inputs that are given, and changes of them that are the same for
// the same seed.
//
//   fuzz_NAME [--seeds WHAT] FILE_OR_DIRECTORY...    the inputs, then changes of them
//   fuzz_NAME --replay FILE...                       these alone
//   fuzz_NAME --write DIRECTORY ...                  writes the inputs there, as a corpus for libFuzzer, and runs none
//
// TROUPE_FUZZ_SECONDS: for how long; 2. TROUPE_FUZZ_RUNS: a number of changed inputs instead. TROUPE_FUZZ_SEED: of the first
// change. TROUPE_FUZZ_PATIENCE: seconds after which an input counts as one that hangs; 60.
#include "fuzz/target.hpp"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

extern "C" [[gnu::weak]] void __sanitizer_set_death_callback(void (*callback)());

namespace {

using input = std::string;

// For handlers of signals: nothing else that they use allocates.
const input* current = nullptr;
char file_name[512];
char program[512];
volatile std::sig_atomic_t written = 0;

void say(const char* text) {
  [[maybe_unused]] const auto count = ::write(STDERR_FILENO, text, std::strlen(text));
}

// Leaves the input where it can be found. Async-signal-safe.
void write_input() {
  if (current == nullptr || written != 0)
    return;
  written = 1;
  const int fd = ::open(file_name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (fd < 0 || ::write(fd, current->data(), current->size()) < 0)
    say("\nthe input could not be written to ");
  else
    say("\nthe input is in ");
  say(file_name);
  say("\nreplay it with: ");
  say(program);
  say(" --replay ");
  say(file_name);
  say("\n");
}

void on_end(int signal) {
  if (signal == SIGALRM)
    say("\nthis input takes too long");
  write_input();
  ::signal(signal, SIG_DFL);
  ::raise(signal);
}

void watch_ends() {
  if (__sanitizer_set_death_callback != nullptr)
    __sanitizer_set_death_callback(write_input);
  for (const int signal : {SIGABRT, SIGALRM, SIGSEGV, SIGBUS, SIGFPE, SIGILL}) {
    struct sigaction action {};
    action.sa_handler = on_end;
    action.sa_flags = static_cast<int>(SA_RESETHAND) | SA_NODEFER;
    if (signal == SIGABRT || signal == SIGALRM || __sanitizer_set_death_callback == nullptr)
      ::sigaction(signal, &action, nullptr); // the sanitizer has its own for the others
  }
}

unsigned long number_from(const char* variable, unsigned long otherwise) {
  const char* const text = std::getenv(variable);
  return text != nullptr ? std::strtoul(text, nullptr, 10) : otherwise;
}

void run(const input& one) {
  static const auto patience = static_cast<unsigned>(number_from("TROUPE_FUZZ_PATIENCE", 60));
  current = &one;
  ::alarm(patience);
  // A copy of its own, so that a sanitizer sees any read beyond it.
  const std::vector<std::uint8_t> bytes(one.begin(), one.end());
  try {
    LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
  } catch (const std::exception& e) {
    say("\nan exception has left the target: ");
    say(e.what());
    std::abort();
  }
  ::alarm(0);
  current = nullptr;
}

// -- changes --------------------------------------------------------------------------------------------

class mutator {
public:
  explicit mutator(std::uint64_t seed)
    : random_(seed) {}

  input operator()(const std::vector<input>& corpus) {
    input text = corpus[below(corpus.size())];
    for (auto changes = 1 + below(4); changes > 0; --changes)
      change(text, corpus[below(corpus.size())]);
    if (text.size() > longest)
      text.resize(longest);
    return text;
  }

private:
  static constexpr std::size_t longest = 64 * 1024;

  std::size_t below(std::size_t n) { return n == 0 ? 0 : random_() % n; }

  // Numbers at which something changes, and near them.
  std::uint64_t number() {
    constexpr std::uint64_t edges[] = {
      0, 1, 2, 7, 8, 16, 32, 64, 127, 128, 255, 256, 512, 4096, 65535, 65536, 1u << 31, ~0ull};
    switch (below(4)) {
    case 0:
      return std::uint64_t{1} << below(64);
    case 1:
      return random_();
    default:
      return edges[below(std::size(edges))] + below(3) - 1;
    }
  }

  void change(input& text, const input& other) {
    const auto at = below(text.size() + 1);
    const auto left = text.size() - at;
    switch (below(9)) {
    case 0: // one bit
      if (left > 0)
        text[at] = static_cast<char>(text[at] ^ (1 << below(8)));
      break;
    case 1: // a byte
      if (left > 0)
        text[at] = static_cast<char>(random_());
      break;
    case 2: { // a number of some width
      const auto value = number();
      const auto width = std::min<std::size_t>(std::size_t{1} << below(4), left);
      std::memcpy(text.data() + at, &value, width);
      break;
    }
    case 3: // less
      text.erase(at, 1 + below(std::min<std::size_t>(left, 16)));
      break;
    case 4: // cut off
      text.resize(at);
      break;
    case 5: // some of it twice
      text.insert(at, text.substr(below(text.size()), 1 + below(64)));
      break;
    case 6: // some of another
      text.insert(at, other.substr(below(other.size()), 1 + below(64)));
      break;
    case 7: // the rest of another
      text = text.substr(0, at) + other.substr(below(other.size()));
      break;
    case 8: // a number as a text
      text.insert(at, std::to_string(static_cast<std::int64_t>(number())));
      break;
    }
  }

  std::mt19937_64 random_;
};

// -- inputs ---------------------------------------------------------------------------------------------

input contents_of(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in)
    throw std::runtime_error("cannot read " + path.string());
  return {std::istreambuf_iterator<char>(in), {}};
}

void add_inputs(std::vector<input>& to, const std::filesystem::path& path) {
  if (!std::filesystem::is_directory(path)) {
    to.push_back(contents_of(path));
    return;
  }
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(path))
    if (entry.is_regular_file())
      files.push_back(entry.path());
  std::sort(files.begin(), files.end()); // the same order everywhere
  for (const auto& file : files)
    to.push_back(contents_of(file));
}

void write_corpus(const std::filesystem::path& directory, const std::vector<input>& corpus) {
  std::filesystem::create_directories(directory);
  for (std::size_t i = 0; i < corpus.size(); ++i)
    std::ofstream(directory / ("seed-" + std::to_string(i)), std::ios::binary) << corpus[i];
  std::printf("%zu inputs are in %s\n", corpus.size(), directory.c_str());
}

int run_all(const std::vector<std::string>& arguments) {
  bool replays = false;
  std::string directory;
  std::vector<input> corpus;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const auto& one = arguments[i];
    if (one == "--replay") {
      replays = true;
    } else if (one == "--write" && i + 1 < arguments.size()) {
      directory = arguments[++i];
    } else if (one == "--seeds" && i + 1 < arguments.size() && troupe::fuzz::own_seeds != nullptr) {
      for (auto& seed : troupe::fuzz::own_seeds(arguments[++i]))
        corpus.push_back(std::move(seed));
    } else {
      add_inputs(corpus, one);
    }
  }
  if (corpus.empty())
    throw std::runtime_error("there are no inputs");
  if (!directory.empty()) {
    write_corpus(directory, corpus);
    return 0;
  }
  for (const auto& one : corpus)
    run(one);
  std::printf("%zu inputs\n", corpus.size());
  if (replays)
    return 0;

  const auto first = number_from("TROUPE_FUZZ_SEED", 1);
  const auto most = number_from("TROUPE_FUZZ_RUNS", 0);
  const auto end =
    std::chrono::steady_clock::now() + std::chrono::seconds(number_from("TROUPE_FUZZ_SECONDS", 2));
  std::printf("changes from TROUPE_FUZZ_SEED=%lu on\n", first);
  std::fflush(stdout);
  mutator mutate(first);
  unsigned long runs = 0;
  while (most > 0 ? runs < most : std::chrono::steady_clock::now() < end) {
    run(mutate(corpus));
    ++runs;
  }
  std::printf("%lu changed inputs, nothing to report\n", runs);
  return 0;
}

} // namespace

int main(int argc, char** argv) {
  std::snprintf(program, sizeof program, "%s", argv[0]);
  const auto name = std::filesystem::path(argv[0]).filename().string();
  std::snprintf(
    file_name, sizeof file_name, "%s-input-%d", name.c_str(), static_cast<int>(::getpid()));
  watch_ends();
  try {
    return run_all({argv + 1, argv + argc});
  } catch (const std::exception& e) {
    std::fprintf(stderr, "%s: %s\n", name.c_str(), e.what());
    return 2;
  }
}
