// Files that are compiled into the program: openapi.yaml, the files in service/web/, and docs/llms.txt with
// the pages it links to. The list is made by cmake/embed.cmake. Constants.
#pragma once
#include <span>
#include <string_view>

namespace gateway::api {

/// To whoever asks for a path where nothing lives.
inline constexpr const char* no_such_route_sentence =
    "Nothing lives at this path; GET /docs shows what does, GET /openapi.yaml lists it.";

struct embedded_file {
    std::string_view name; // "openapi.yaml", "docs/index.html"
    std::string_view content_type;
    std::string_view bytes;
};

std::span<const embedded_file> embedded_files();

} // namespace gateway::api
