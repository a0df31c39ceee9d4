#include "jobs/read_job.hpp"

#include "text/terminal_text.hpp"

#include <algorithm>
#include <map>
#include <set>

namespace troupe_cli {

namespace {

using troupe::config_table;

// Each has threads of its own.
constexpr std::size_t most_jobs = 1000;

class graph_check {
public:
  graph_check(const std::vector<job>& jobs, std::vector<config_table>& tables)
    : jobs_(jobs)
    , tables_(tables) {
    for (std::size_t i = 0; i < jobs.size(); ++i) {
      places_.emplace(jobs[i].name, i);
      names_.push_back(jobs[i].name);
    }
  }

  void check_names() {
    for (std::size_t i = 0; i < jobs_.size(); ++i) {
      for (const auto& name : jobs_[i].after)
        if (!places_.contains(name))
          tables_[i].refuse_name("after", "job", name, names_);
      const auto& input = jobs_[i].input;
      if (input.what == job_input::kind::job && !places_.contains(input.job))
        tables_[i].refuse_name("input", "job", input.job, names_);
    }
  }

  void check_circles() {
    for (std::size_t i = 0; i < jobs_.size(); ++i)
      if (const auto path = path_back(i, i); !path.empty())
        tables_[i].refuse(jobs_[i].after.empty() ? "input" : "after",
          "it waits for itself: " + text::printable(path));
  }

  // A job that waits takes no results, so the job that makes them waits too when there are many: what it waits for must
  // not need that one.
  void check_waiting() {
    for (std::size_t i = 0; i < jobs_.size(); ++i) {
      const auto makers = makers_of(i);
      for (const auto& name : jobs_[i].after) {
        const auto place = places_.find(name);
        if (place == places_.end())
          continue;
        auto needed = needed_by_all(place->second);
        needed.insert(place->second);
        for (const auto maker : makers)
          if (needed.contains(maker)) {
            tables_[i].refuse("after", "job " + text::printable(name) + " needs job " +
                                         text::printable(jobs_[maker].name) +
                                         ", from which the input of this one comes: it could wait "
                                         "for ever");
            break;
          }
      }
    }
  }

  void check_outputs() {
    std::map<std::string, std::string> writers;
    for (std::size_t i = 0; i < jobs_.size(); ++i) {
      const auto file = jobs_[i].output.file.lexically_normal().native();
      if (file.empty() || file == "-")
        continue;
      const auto [known, first] = writers.emplace(file, jobs_[i].name);
      if (!first)
        tables_[i].refuse(
          "output", "job " + text::printable(known->second) + " writes the same file");
    }
  }

private:
  // The jobs from which the items of a job come: that whose results it takes, that whose results that one takes, ...
  std::set<std::size_t> makers_of(std::size_t i) const {
    std::set<std::size_t> makers;
    for (auto at = i; jobs_[at].input.what == job_input::kind::job;) {
      const auto next = places_.find(jobs_[at].input.job);
      if (next == places_.end() || !makers.insert(next->second).second)
        break;
      at = next->second;
    }
    return makers;
  }

  std::set<std::size_t> needed_by_all(std::size_t i) const {
    std::set<std::size_t> needed;
    std::vector<std::size_t> open{i};
    while (!open.empty()) {
      const auto at = open.back();
      open.pop_back();
      for (const auto& name : needed_by(jobs_[at]))
        if (const auto next = places_.find(name);
            next != places_.end() && needed.insert(next->second).second)
          open.push_back(next->second);
    }
    return needed;
  }

  // "a -> b -> a", or nothing. Each job is looked at once for each start.
  std::string path_back(std::size_t start, std::size_t at) {
    std::vector<bool> seen(jobs_.size(), false);
    return path_back(start, at, seen);
  }
  std::string path_back(std::size_t start, std::size_t at, std::vector<bool>& seen) {
    for (const auto& name : needed_by(jobs_[at])) {
      const auto next = places_.find(name);
      if (next == places_.end())
        continue;
      if (next->second == start)
        return jobs_[at].name + " -> " + name;
      if (seen[next->second])
        continue;
      seen[next->second] = true;
      if (const auto path = path_back(start, next->second, seen); !path.empty())
        return jobs_[at].name + " -> " + path;
    }
    return {};
  }

  const std::vector<job>& jobs_;
  std::vector<config_table>& tables_;
  std::map<std::string, std::size_t> places_;
  std::vector<std::string> names_;
};

} // namespace

std::vector<std::string> needed_by(const job& one) {
  auto names = one.after;
  if (one.input.what == job_input::kind::job)
    names.push_back(one.input.job);
  return names;
}

void check_job_graph(const std::vector<job>& jobs, std::vector<config_table>& tables) {
  if (jobs.size() > most_jobs)
    return tables[most_jobs].refuse(
      "", "more than " + std::to_string(most_jobs) + " jobs are too many");
  graph_check graph(jobs, tables);
  graph.check_names();
  graph.check_circles();
  graph.check_waiting();
  graph.check_outputs();
}

} // namespace troupe_cli
