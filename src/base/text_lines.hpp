#pragma once

#include "base/utf8.hpp"

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>

namespace troupe::base {

/// Cuts text that comes in pieces into lines, without their ends ("\n" or "\r\n"). What is longer than
/// `longest` bytes makes several.
class line_splitter {
public:
  explicit line_splitter(std::size_t longest)
    : longest_(longest) {}

  /// Calls `on_line(std::string_view)` for each line that is complete.
  template <class OnLine>
  void feed(std::string_view text, OnLine on_line) {
    while (!text.empty()) {
      const auto room = longest_ - line_.size();
      const auto end = text.substr(0, room + 1).find('\n');
      if (end == std::string_view::npos && text.size() <= room) {
        line_ += text;
        return;
      }
      line_ += text.substr(0, end == std::string_view::npos ? room : end);
      text.remove_prefix(end == std::string_view::npos ? room : end + 1);
      if (end != std::string_view::npos && line_.ends_with('\r'))
        line_.pop_back();
      on_line(std::string_view(line_));
      line_.clear();
    }
  }

  /// The text has ended: calls it for what is left.
  template <class OnLine>
  void finish(OnLine on_line) {
    if (!line_.empty())
      on_line(std::string_view(line_));
    line_.clear();
  }

private:
  std::size_t longest_;
  std::string line_; // the beginning of the next
};

/// The last lines of a text.
class text_tail {
public:
  /// At most `lines`, which together have at most `bytes`: a longer one is cut.
  text_tail(std::size_t lines, std::size_t bytes)
    : most_lines_(lines)
    , most_bytes_(bytes) {}

  void add(std::string line) {
    line.resize(detail::utf8_prefix(line, most_bytes_).size());
    bytes_ += line.size();
    lines_.push_back(std::move(line));
    while (lines_.size() > most_lines_ || bytes_ > most_bytes_) {
      bytes_ -= lines_.front().size();
      lines_.pop_front();
    }
  }

  /// With a newline between them.
  std::string text() const {
    std::string all;
    for (const auto& line : lines_)
      all += line + '\n';
    if (!all.empty())
      all.pop_back();
    return all;
  }

private:
  std::size_t most_lines_;
  std::size_t most_bytes_;
  std::deque<std::string> lines_;
  std::size_t bytes_ = 0;
};

} // namespace troupe::base
