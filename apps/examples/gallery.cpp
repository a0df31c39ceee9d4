// A program whose library uses troupe: it has to say where children begin, and no more.
#include "thumbnails.hpp"

#include <troupe/child_entry.hpp>

#include <cstdio>

int main(int argc, char** argv) {
  troupe::child_entry(argc, argv);
  for (const auto& picture : thumbnails::make({"mountain", "lake!", "forest"}))
    std::printf("%s\n", picture.c_str());
}
