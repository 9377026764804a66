// The fuzz targets: each takes any bytes and throws std::logic_error if the tested code is wrong. The `fuzz`
// preset makes a libFuzzer program of each; unit_tests replay and mutate the seeds in every normal run.
#pragma once
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

namespace gateway::fuzz {

void request_gate(std::string_view bytes);
void response_gate(std::string_view bytes);
void chunks(std::string_view bytes);
void multipart(std::string_view bytes);
void json_answer(std::string_view bytes);
void json_body(std::string_view bytes);
void json_patched(std::string_view bytes);
void json_members(std::string_view bytes);
void query(std::string_view bytes);
void media_type(std::string_view bytes);
void url(std::string_view bytes);

struct target {
    const char* name; // also the folder of its seeds
    void (*run)(std::string_view);
};
std::span<const target> all_targets();
/// The folder of the target's seeds.
std::string seeds_folder(const char* name);

inline void require(bool kept, const char* promise) {
    if (!kept) throw std::logic_error(promise);
}

} // namespace gateway::fuzz
