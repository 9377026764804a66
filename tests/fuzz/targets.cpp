#include "fuzz/targets.hpp"

namespace gateway::fuzz {

std::span<const target> all_targets() {
    static constexpr target targets[] = {{"request_gate", request_gate},
                                         {"response_gate", response_gate},
                                         {"chunks", chunks},
                                         {"multipart", multipart},
                                         {"json_answer", json_answer},
                                         {"json_body", json_body},
                                         {"json_patched", json_patched},
                                         {"json_members", json_members},
                                         {"query", query},
                                         {"media_type", media_type},
                                         {"url", url}};
    return targets;
}

std::string seeds_folder(const char* name) {
    return std::string(FUZZ_SEEDS) + "/" + name;
}

} // namespace gateway::fuzz
