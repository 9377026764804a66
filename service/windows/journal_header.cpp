#include "windows/journal_header.hpp"

#include "base/descriptor.hpp"

#include <algorithm>
#include <bit>
#include <cctype>
#include <fcntl.h>
#include <functional>
#include <string_view>

namespace gateway::windows {
namespace {

std::uint64_t check_of(const journal_header& of) {
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < at_check; ++i)
        sum = (std::rotl(sum, 23) ^ of[i]) * 0x9E3779B97F4A7C15;
    return sum;
}

} // namespace

boot_name this_boot() {
    const descriptor file{::open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC)};
    std::array<char, 64> text{};
    const auto got = file.is_open() ? ::read(file.number(), text.data(), text.size()) : 0;
    boot_name name{};
    std::size_t digits = 0;
    for (std::size_t i = 0; got > 0 && i < static_cast<std::size_t>(got); ++i) {
        const auto letter = static_cast<unsigned char>(text[i]);
        if (std::isxdigit(letter) == 0 || digits == 32) continue;
        const unsigned value = std::isdigit(letter) != 0 ? letter - '0' : (letter | 0x20U) - 'a' + 10U;
        auto& half = name[digits++ / 16];
        half = half << 4 | value;
    }
    return digits == 32 ? name : boot_name{};
}

journal_header make_journal_header(std::uint32_t entries_per_part, const boot_name& boot) {
    journal_header made{};
    made[at_magic] = journal_magic;
    made[at_entries] = entries_per_part;
    made[at_parts] = limits::journal_parts;
    // Windows are named by this hash of their key, so that those of another library cannot be read.
    made[at_hash] = std::hash<std::string_view>{}("tiktok-gateway");
    made[at_boot] = boot[0];
    made[at_boot + 1] = boot[1];
    made[at_check] = check_of(made);
    return made;
}

bool is_readable(const journal_header& found) {
    const auto entries = found[at_entries];
    if (entries == 0 || entries > entries_max) return false;
    const auto own =
        make_journal_header(static_cast<std::uint32_t>(entries), {found[at_boot], found[at_boot + 1]});
    return std::equal(own.begin(), own.begin() + at_ended, found.begin());
}

bool is_of(const journal_header& found, const boot_name& boot) {
    return boot != boot_name{} && found[at_boot] == boot[0] && found[at_boot + 1] == boot[1];
}

} // namespace gateway::windows
