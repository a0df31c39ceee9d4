#include "fuzz/frame_script.hpp"

#include <algorithm>
#include <cstring>
#include <fstream>
#include <stdexcept>
#include <utility>

namespace troupe::fuzz {

using link::frame_kind;

namespace {

constexpr std::pair<std::string_view, frame_kind> kinds[] = {
  {"setup", frame_kind::setup},
  {"call", frame_kind::call},
  {"position", frame_kind::position},
  {"reply", frame_kind::reply},
  {"module", frame_kind::module},
  {"to_actors", frame_kind::to_actors},
  {"forget", frame_kind::forget},
  {"hello", frame_kind::hello},
  {"ready", frame_kind::ready},
  {"start_failed", frame_kind::start_failed},
  {"value", frame_kind::value},
  {"threw", frame_kind::threw},
  {"request", frame_kind::request},
  {"withdraw", frame_kind::withdraw},
  {"lend", frame_kind::lend},
  {"reclaim", frame_kind::reclaim},
  {"from_actors", frame_kind::from_actors},
  {"report", frame_kind::report},
  {"results", frame_kind::results},
  {"let_go", frame_kind::let_go},
  {"full", frame_kind::full},
};

constexpr std::pair<std::string_view, place_holder> place_holders[] = {
  {"$pool", place_holder::pool},
  {"$queue", place_holder::queue},
  {"$result", place_holder::result},
  {"$buffer", place_holder::buffer},
  {"$argument", place_holder::argument},
  {"$thunk", place_holder::thunk},
};

constexpr std::pair<std::string_view, std::uint8_t> flags[] = {
  {"more", link::more_follows},
  {"lost", link::payload_lost},
  {"ended", link::batch_ended},
  {"segments", link::names_segments},
};

template <class Table>
auto find_name(const Table& table, std::string_view name) {
  return std::find_if(
    std::begin(table), std::end(table), [name](const auto& entry) { return entry.first == name; });
}

[[noreturn]] void fail(std::string_view what) {
  throw std::runtime_error("\"" + std::string(what) + "\" is no part of a script of frames");
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && text.front() == ' ')
    text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ')
    text.remove_suffix(1);
  return text;
}

// What is before the separator; `text` goes on behind it.
std::string_view cut(std::string_view& text, char separator) {
  const auto end = std::min(text.find(separator), text.size());
  const auto part = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return part;
}

std::uint64_t number_of(std::string_view text) {
  if (const auto found = find_name(place_holders, text); found != std::end(place_holders))
    return static_cast<std::uint64_t>(found->second);
  const std::string digits(text);
  std::size_t used = 0;
  std::uint64_t number = 0;
  try {
    if (text.starts_with("2^"))
      number = std::uint64_t{1} << std::stoul(digits.substr(2), &used), used += 2;
    else if (text.starts_with('-'))
      number = static_cast<std::uint64_t>(std::stoll(digits, &used));
    else
      number = std::stoull(digits, &used, 0);
  } catch (const std::logic_error&) {
    fail(text);
  }
  if (used != text.size())
    fail(text);
  return number;
}

void append(std::vector<std::byte>& to, const void* from, std::size_t size) {
  const auto* const begin = static_cast<const std::byte*>(from);
  to.insert(to.end(), begin, begin + size);
}

template <class T>
void append_number(std::vector<std::byte>& to, std::uint64_t number) {
  const auto value = static_cast<T>(number);
  append(to, &value, sizeof value);
}

void append_data(std::vector<std::byte>& to, std::string_view item, const expansion& expand) {
  if (const auto bytes = expand ? expand(item) : std::nullopt) {
    append(to, bytes->data(), bytes->size());
    return;
  }
  auto rest = item;
  const auto type = cut(rest, ':');
  if (type == "u8")
    append_number<std::uint8_t>(to, number_of(rest));
  else if (type == "u16")
    append_number<std::uint16_t>(to, number_of(rest));
  else if (type == "u32")
    append_number<std::uint32_t>(to, number_of(rest));
  else if (type == "u64")
    append_number<std::uint64_t>(to, number_of(rest));
  else if (type == "text")
    append(to, rest.data(), rest.size());
  else if (type == "zero")
    to.resize(to.size() + number_of(rest));
  else if (type == "fill")
    to.resize(to.size() + number_of(rest), std::byte{0xff});
  else if (type == "hex")
    for (; rest.size() >= 2; rest.remove_prefix(2))
      append_number<std::uint8_t>(to, number_of("0x" + std::string(rest.substr(0, 2))));
  else if (type == "str") {
    append_number<std::uint32_t>(to, rest.size());
    append(to, rest.data(), rest.size());
  } else if (type == "rec" || type == "threw") {
    const auto length = number_of(rest);
    append_number<std::uint32_t>(to, length | (type == "threw" ? 1u << 31 : 0));
    to.resize(to.size() + length, std::byte{0x77});
  } else
    fail(item);
}

void set_field(step& in, std::string_view name, std::string_view value, const expansion& expand) {
  auto& header = in.header;
  if (name == "data") {
    while (!value.empty())
      append_data(in.payload, cut(value, ','), expand);
  } else if (name == "flags") {
    while (!value.empty()) {
      const auto flag = cut(value, '+');
      const auto found = find_name(flags, flag);
      header.flags |=
        found != std::end(flags) ? found->second : static_cast<std::uint8_t>(number_of(flag));
    }
  } else if (name == "items") {
    header.items = static_cast<std::uint16_t>(number_of(value));
  } else if (name == "generation") {
    header.generation = static_cast<std::uint32_t>(number_of(value));
  } else if (name == "cell") {
    header.cell = static_cast<std::uint32_t>(number_of(value));
  } else if (name == "task") {
    header.task = number_of(value);
  } else if (name == "extra") {
    header.extra = number_of(value);
  } else if (name == "length") {
    in.length = static_cast<std::uint32_t>(number_of(value));
  } else if (name == "publish") {
    in.publish = static_cast<std::int64_t>(number_of(value));
  } else {
    fail(name);
  }
}

void set_act(step& in, std::string_view word) {
  if (word == "claim")
    in.what = step::act::claim;
  else if (word == "close")
    in.what = step::act::close;
  else if (word == "take_back")
    in.what = step::act::take_back;
  else if (word == "put")
    in.what = step::act::put;
  else if (word.starts_with("kind:"))
    in.header.kind = static_cast<frame_kind>(number_of(word.substr(5)));
  else if (const auto found = find_name(kinds, word); found != std::end(kinds))
    in.header.kind = found->second;
  else
    fail(word);
}

} // namespace

void replace(step& in, place_holder what, std::uint64_t by) {
  const auto from = static_cast<std::uint64_t>(what);
  for (auto* const field : {&in.header.task, &in.header.extra})
    if (*field == from)
      *field = by;
  for (std::size_t at = 0; at + sizeof from <= in.payload.size(); ++at)
    if (std::memcmp(in.payload.data() + at, &from, sizeof from) == 0)
      std::memcpy(in.payload.data() + at, &by, sizeof by);
}

std::vector<step> parse_steps(std::string_view text, const expansion& expand) {
  std::vector<step> steps;
  while (!trim(text).empty()) {
    auto words = trim(cut(text, ';'));
    std::uint64_t times = 1;
    if (words.starts_with('x'))
      times = number_of(cut(words, ' ').substr(1));
    step one;
    one.header.generation = own_generation;
    auto word = cut(words, ' ');
    if (word == "staged") {
      one.what = step::act::stage;
      word = cut(words, ' ');
    }
    set_act(one, word);
    while (!words.empty()) {
      auto field = cut(words, ' ');
      const auto name = cut(field, '=');
      if (!name.empty())
        set_field(one, name, field, expand);
    }
    steps.insert(steps.end(), times, one);
  }
  return steps;
}

// -- as bytes -------------------------------------------------------------------------------------------

namespace {

constexpr std::uint8_t other_generation = 1;
constexpr std::uint8_t other_length = 2;
constexpr std::uint8_t other_publish = 4;

class reader {
public:
  explicit reader(std::span<const std::byte> bytes)
    : rest_(bytes) {}

  bool empty() const { return rest_.empty(); }
  template <class T>
  T take() {
    T value{};
    const auto size = std::min(sizeof value, rest_.size());
    std::memcpy(&value, rest_.data(), size);
    rest_ = rest_.subspan(size);
    return value;
  }
  std::vector<std::byte> take_bytes(std::size_t size) {
    const auto part = rest_.first(std::min(size, rest_.size()));
    rest_ = rest_.subspan(part.size());
    return {part.begin(), part.end()};
  }

private:
  std::span<const std::byte> rest_;
};

} // namespace

std::string to_bytes(std::span<const step> steps) {
  std::string bytes;
  const auto put = [&bytes](auto value) {
    bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
  };
  for (const auto& one : steps) {
    const bool foreign = one.header.generation != own_generation;
    put(one.what);
    put(
      static_cast<std::uint8_t>((foreign ? other_generation : 0) | (one.length ? other_length : 0) |
                                (one.publish ? other_publish : 0)));
    put(one.header.kind);
    put(one.header.flags);
    put(one.header.items);
    put(one.header.cell);
    put(one.header.task);
    put(one.header.extra);
    if (foreign)
      put(one.header.generation);
    if (one.length)
      put(*one.length);
    if (one.publish)
      put(*one.publish);
    put(static_cast<std::uint16_t>(one.payload.size()));
    bytes.append(reinterpret_cast<const char*>(one.payload.data()), one.payload.size());
  }
  return bytes;
}

std::vector<step> from_bytes(std::span<const std::byte> bytes) {
  constexpr std::uint8_t acts = 6;
  constexpr std::size_t most_steps = 600;
  reader in(bytes);
  std::vector<step> steps;
  while (!in.empty() && steps.size() < most_steps) {
    step one;
    one.what = static_cast<step::act>(in.take<std::uint8_t>() % acts);
    const auto odd = in.take<std::uint8_t>();
    one.header.kind = in.take<frame_kind>();
    one.header.flags = in.take<std::uint8_t>();
    one.header.items = in.take<std::uint16_t>();
    one.header.cell = in.take<std::uint32_t>();
    one.header.task = in.take<std::uint64_t>();
    one.header.extra = in.take<std::uint64_t>();
    one.header.generation =
      (odd & other_generation) != 0 ? in.take<std::uint32_t>() : own_generation;
    if ((odd & other_length) != 0)
      one.length = in.take<std::uint32_t>();
    if ((odd & other_publish) != 0)
      one.publish = in.take<std::int64_t>();
    one.payload = in.take_bytes(in.take<std::uint16_t>());
    steps.push_back(std::move(one));
  }
  return steps;
}

// -- the file -------------------------------------------------------------------------------------------

std::vector<script_line> read_script(const std::string& file) {
  std::ifstream in(file);
  if (!in)
    throw std::runtime_error("cannot read " + file);
  std::vector<script_line> lines;
  std::size_t number = 0;
  for (std::string text; std::getline(in, text);) {
    ++number;
    if (text.empty() || text.front() == '#')
      continue;
    std::string_view rest = text;
    auto where = cut(rest, '|');
    const auto side = trim(cut(where, ','));
    script_line line;
    line.number = number;
    line.from_child = side == "from child";
    line.state = trim(where);
    line.steps = trim(cut(rest, '|'));
    line.outcome = trim(rest);
    if ((!line.from_child && side != "from parent") || line.outcome.empty())
      throw std::runtime_error(file + ':' + std::to_string(number) + ": no line of this file");
    lines.push_back(std::move(line));
  }
  return lines;
}

} // namespace troupe::fuzz
