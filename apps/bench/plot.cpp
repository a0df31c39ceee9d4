#include "plot.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>

namespace bench {

namespace {

// What stands in one panel: all measurements of a title.
struct panel {
  std::string title;
  std::vector<const measurement*> places;
};

std::vector<panel> panels_of(const std::vector<measurement>& all) {
  std::vector<panel> panels;
  for (const auto& each : all) {
    if (each.rows.empty())
      continue;
    if (panels.empty() || panels.back().title != each.of.title)
      panels.push_back({each.of.title, {}});
    panels.back().places.push_back(&each);
  }
  return panels;
}

// In double quotes of gnuplot, whose data knows no way to have such inside.
std::string in_quotes(std::string text) {
  std::replace(text.begin(), text.end(), '"', '\'');
  std::replace(text.begin(), text.end(), '\\', '/');
  return '"' + text + '"';
}

std::string numbers(const row& from) {
  char text[128];
  std::snprintf(text, sizeof text, "%.9g %.9g %.9g", from.median(), from.least(), from.most());
  return text;
}

// The rows of the quantity that a title is about: the first one's.
std::vector<const row*> headline(const measurement& from) {
  std::vector<const row*> rows;
  for (const auto& each : from.rows)
    if (each.what == from.rows.front().what && each.unit == from.rows.front().unit)
      rows.push_back(&each);
  return rows;
}

std::string quantity(const measurement& from) {
  const auto& first = from.rows.front();
  return in_quotes(first.what + ", " + first.unit);
}

// The names stand to the left of the bars; the first contender, which the others are compared with, stands out.
std::string bars(const panel& of) {
  const auto rows = headline(*of.places.front());
  std::string data = "$panel << END\n";
  double least = rows.front()->least();
  for (const auto* each : rows) {
    data += in_quotes(each->name) + ' ' + numbers(*each) + '\n';
    least = std::min(least, each->least());
  }
  // On a logarithmic axis a bar has no natural foot: this is half of the least.
  const bool logarithmic = least > 0 && rows.size() > 1;
  const auto foot = logarithmic ? std::to_string(least / 2) : "0";
  return data + "END\nset title " + in_quotes(of.title) + "\nset xlabel " +
         quantity(*of.places.front()) +
         "\nset ylabel ''\nunset key\nset lmargin 34\nunset logscale\n" +
         (logarithmic ? "set logscale x\n" : "") + "set xrange [" + foot + ":*]\nset yrange [" +
         std::to_string(rows.size()) + " - 0.4:-0.6]\n" + "plot $panel using 2:0:(" + foot +
         "):2:($0 - 0.35):($0 + 0.35):($0 == 0 ? 0x1f5fa8 : 0xa9bacb):ytic(1) "
         "with boxxyerror lc rgb variable, "
         "$panel using 2:0:3:4 with xerrorbars lc rgb 'black' pt -1\n";
}

std::string lines(const panel& of) {
  std::vector<std::string> names;
  for (const auto* place : of.places)
    for (const auto* each : headline(*place))
      if (std::find(names.begin(), names.end(), each->name) == names.end())
        names.push_back(each->name);
  std::string data;
  std::string drawn;
  bool positive = true;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const auto block = "$line" + std::to_string(i);
    data += block + " << END\n";
    for (const auto* place : of.places)
      for (const auto* each : headline(*place))
        if (each->name == names[i]) {
          data += std::to_string(*place->of.at) + ' ' + numbers(*each) + '\n';
          positive = positive && each->least() > 0 && *place->of.at > 0;
        }
    data += "END\n";
    drawn += (i == 0 ? "plot " : ", ") + block + " using 1:2:3:4 with yerrorlines pt 7 ps 0.5 lw " +
             (i == 0 ? "3" : "1") + " title " + in_quotes(names[i]);
  }
  return data + "set title " + in_quotes(of.title) + "\nset xlabel " +
         in_quotes(of.places.front()->of.axis) + "\nset ylabel " + quantity(*of.places.front()) +
         "\nset key outside below maxcols 2\nset lmargin -1\nset autoscale xfix\nset xrange [*:*]\n"
         "set yrange [*:*]\nset ytics autofreq\nunset logscale\n" +
         (positive ? "set logscale xy\n" : "") + drawn + '\n';
}

} // namespace

std::string plot_commands(const std::vector<measurement>& all, const std::string& file) {
  const auto panels = panels_of(all);
  const auto columns = panels.size() > 1 ? 2 : 1;
  const auto in_column = std::max<std::size_t>((panels.size() + 1) / 2, 1);
  std::string text = "set terminal svg noenhanced background rgb 'white' font 'sans,11' size " +
                     std::to_string(columns * 640) + ',' + std::to_string(in_column * 420) +
                     "\nset output " + in_quotes(file) +
                     "\nset style fill solid noborder\nset grid\nset format '%g'\n";
  text +=
    "set multiplot layout " + std::to_string(in_column) + ',' + std::to_string(columns) + '\n';
  for (const auto& each : panels)
    text += each.places.size() > 1 && each.places.front()->of.at ? lines(each) : bars(each);
  return text + "unset multiplot\n";
}

void check_plot(const std::string& file) {
  if (std::system("gnuplot --version >/dev/null 2>&1") != 0)
    throw std::runtime_error("--plot needs gnuplot: install it (apt-get install gnuplot-nox)");
  if (!std::ofstream(file))
    throw std::runtime_error("--plot: " + file + " cannot be written: name another file");
}

void plot(const std::vector<measurement>& all, const std::string& file) {
  FILE* input = ::popen("gnuplot", "w");
  if (input == nullptr)
    throw std::runtime_error("--plot: no process for gnuplot");
  std::fputs(plot_commands(all, file).c_str(), input);
  if (::pclose(input) != 0)
    throw std::runtime_error("--plot: gnuplot failed to draw " + file);
}

} // namespace bench
