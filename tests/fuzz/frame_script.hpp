#pragma once

#include "link/frame.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::fuzz {

/// What one side of a link writes, or does with the memory that both share.
struct step {
  enum class act : std::uint8_t {
    write,     ///< writes a frame
    stage,     ///< writes one that is not published: `link::ring_writer::stage`
    claim,     ///< from the child: claims the next item of the task in `header.cell`
    close,     ///< the parent lets the child claim no more of that task
    take_back, ///< the parent takes that task back
    put,       ///< from the parent: puts the next task that it sends into that cell
  };

  act what = act::write;
  link::frame_header header{}; ///< `length` is that of the payload, unless there is another
  std::optional<std::uint32_t> length{};
  std::optional<std::int64_t>
    publish{}; ///< the head moves by so much, and not by the size of the frame
  std::vector<std::byte> payload{};
};

/// Numbers that are known only when there is a link: each stands in a script, and is replaced wherever it occurs.
enum class place_holder : std::uint64_t {
  pool = 0xf0f1f2f3'00000001, ///< a pool that has ended
  queue,                      ///< a queue that was closed
  result,                     ///< a segment for results, of 4096 bytes
  buffer,                     ///< a shared buffer of which the child was told once
  argument,                   ///< a segment for arguments of which the child was told
  thunk,                      ///< the place of a function that a call can name
};

void replace(step& in, place_holder what, std::uint64_t by);

/// The frame of that generation is of this link.
inline constexpr std::uint32_t own_generation = 1;

/// Bytes with a name that only a harness can make, "$hello" or "$node"; nothing if there are none.
using expansion = std::function<std::optional<std::vector<std::byte>>(std::string_view name)>;

/// Reads steps, which stand on one line with ";" between them:
///
///     value cell=1 task=2 data=u32:5,text:abc ; x3 withdraw task=9 ; kind:99 ; claim cell=0
///
/// The first word is a kind of frame (link/frame.hpp) or "kind:NUMBER", or what else a step does; "xN" before it repeats it. Fields
/// are `flags` (more+segments+ended+lost, or a number), `items`, `generation`, `cell`, `task`, `extra`, `length`,
/// `publish` and `data`, a list of u8: u16: u32: u64: numbers, text: hex: zero:COUNT fill:COUNT str:TEXT (with its length before
/// it), rec:COUNT and threw:COUNT (records of a batch), and names that are expanded. A number is decimal, negative, 0x..,
/// 2^N or a place holder, as $pool. Throws `std::runtime_error`.
std::vector<step> parse_steps(std::string_view text, const expansion& expand);

// The same as bytes, which a fuzzer can change: any bytes are steps.
std::string to_bytes(std::span<const step> steps);
std::vector<step> from_bytes(std::span<const std::byte> bytes);

/// A line of frames.txt: "from child, ready | value cell=9 | protocol violation: ...".
struct script_line {
  std::size_t number = 0;
  bool from_child = false;
  std::string state{};
  std::string steps{};
  std::string outcome{};
};
std::vector<script_line> read_script(const std::string& file);

} // namespace troupe::fuzz
