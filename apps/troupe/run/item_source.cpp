#include "run/item_source.hpp"

#include "lines/byte_input.hpp"
#include "run/json_items.hpp"
#include "text/terminal_text.hpp"

#include <algorithm>
#include <cstring>
#include <deque>
#include <stdexcept>

#include <glob.h>

namespace troupe_cli {

namespace {

using kind = job_input::kind;

class line_source : public item_source {
public:
  line_source(const job_input& from, const stop_bell& bell)
    : bytes_(from.file, bell)
    , is_text_(from.what == kind::lines) {}

  std::optional<item> next() override {
    auto line = bytes_.line();
    while (line && !is_text_ && line->find_first_not_of(" \t\r") == std::string::npos)
      line = bytes_.line(); // an empty line is no value
    if (!line)
      return std::nullopt;
    return item{std::move(*line), is_text_};
  }

private:
  byte_input bytes_;
  bool is_text_;
};

class csv_source : public item_source {
public:
  csv_source(const job_input& from, const stop_bell& bell)
    : rows_(from.file, bell)
    , column_(from.column) {
    names_ = rows_.row().value_or(std::vector<std::string>{});
    if (!column_.empty()) {
      const auto found = std::ranges::find(names_, column_);
      if (found == names_.end())
        throw std::runtime_error(rows_.name() + ": there is no column \"" +
                                 text::printable(column_) + "\"; there are: " + listed());
      place_ = static_cast<std::size_t>(found - names_.begin());
    }
  }

  std::optional<item> next() override {
    const auto row = rows_.row();
    if (!row)
      return std::nullopt;
    if (row->size() != names_.size())
      throw std::runtime_error(rows_.name() + ": row " + std::to_string(rows_.number()) + " has " +
                               std::to_string(row->size()) + " fields, the first has " +
                               std::to_string(names_.size()));
    if (column_.empty())
      return item{json_of_fields(names_, *row), false};
    return item{(*row)[place_], true};
  }

private:
  std::string listed() const {
    std::string all;
    for (const auto& name : names_)
      all += (all.empty() ? "" : ", ") + text::printable(name);
    return all.empty() ? "none" : all;
  }

  csv_input rows_;
  std::string column_;
  std::vector<std::string> names_;
  std::size_t place_ = 0;
};

class range_source : public item_source {
public:
  explicit range_source(const job_input& from)
    : next_(from.first)
    , last_(from.last)
    , step_(from.step) {}

  std::optional<item> next() override {
    if (ended_ || next_ > last_)
      return std::nullopt;
    const auto number = next_;
    ended_ = __builtin_add_overflow(next_, step_, &next_);
    return item{std::to_string(number), false};
  }

private:
  std::int64_t next_;
  std::int64_t last_;
  std::int64_t step_;
  bool ended_ = false;
};

class list_source : public item_source {
public:
  list_source(std::vector<std::string> values, bool is_text)
    : values_(std::move(values))
    , is_text_(is_text) {}

  std::optional<item> next() override {
    if (at_ == values_.size())
      return std::nullopt;
    return item{std::move(values_[at_++]), is_text_};
  }

private:
  std::vector<std::string> values_;
  std::size_t at_ = 0;
  bool is_text_;
};

std::vector<std::string> files_of(const std::string& pattern) {
  glob_t found{};
  std::vector<std::string> files;
  const int failure = ::glob(pattern.c_str(), GLOB_NOSORT, nullptr, &found);
  if (failure == 0)
    files.assign(found.gl_pathv, found.gl_pathv + found.gl_pathc);
  ::globfree(&found);
  if (failure != 0 && failure != GLOB_NOMATCH)
    throw std::runtime_error(text::printable(pattern) + ": cannot list the files");
  std::ranges::sort(files);
  return files;
}

class pipe_source : public item_source {
public:
  explicit pipe_source(std::shared_ptr<item_pipe> results)
    : results_(std::move(results)) {}
  ~pipe_source() override { results_->abandon(); }

  std::optional<item> next() override {
    auto json = results_->pop();
    if (!json && !results_->is_complete())
      throw std::runtime_error("the job that it follows did not come to its end");
    if (!json)
      return std::nullopt;
    return item{std::move(*json), false};
  }

private:
  std::shared_ptr<item_pipe> results_;
};

// Each element of an array by itself.
class element_source : public item_source {
public:
  explicit element_source(std::unique_ptr<item_source> of)
    : of_(std::move(of)) {}

  std::optional<item> next() override {
    while (elements_.empty()) {
      const auto whole = of_->next();
      if (!whole)
        return std::nullopt;
      for (auto& element : elements_of_json(whole->value))
        elements_.push_back(std::move(element));
    }
    item first{std::move(elements_.front()), false};
    elements_.pop_front();
    return first;
  }

private:
  std::unique_ptr<item_source> of_;
  std::deque<std::string> elements_;
};

// Each item put into a text.
class text_source : public item_source {
public:
  text_source(std::unique_ptr<item_source> of, std::string as)
    : of_(std::move(of))
    , as_(std::move(as)) {}

  std::optional<item> next() override {
    const auto one = of_->next();
    if (!one)
      return std::nullopt;
    item result{as_, true};
    replace_braces(result.value, one->is_text ? one->value : text_of_json(one->value));
    return result;
  }

private:
  std::unique_ptr<item_source> of_;
  std::string as_;
};

std::unique_ptr<item_source> open_plain(
  const job_input& from, const stop_bell& bell, std::shared_ptr<item_pipe> results) {
  switch (from.what) {
  case kind::lines:
  case kind::json:
    return std::make_unique<line_source>(from, bell);
  case kind::csv:
    return std::make_unique<csv_source>(from, bell);
  case kind::glob:
    return std::make_unique<list_source>(files_of(from.pattern), true);
  case kind::range:
    return std::make_unique<range_source>(from);
  case kind::job:
    return std::make_unique<pipe_source>(std::move(results));
  case kind::once:
  case kind::values:
    break;
  }
  return std::make_unique<list_source>(from.values, false);
}

} // namespace

std::unique_ptr<item_source> open_items(
  const job_input& from, const stop_bell& bell, std::shared_ptr<item_pipe> results) {
  auto items = open_plain(from, bell, std::move(results));
  if (from.each)
    items = std::make_unique<element_source>(std::move(items));
  if (!from.as.empty())
    items = std::make_unique<text_source>(std::move(items), from.as);
  return items;
}

} // namespace troupe_cli
