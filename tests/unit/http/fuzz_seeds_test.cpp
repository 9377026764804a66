#include "fuzz/targets.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>

using namespace gateway;

namespace {

std::string content(const std::filesystem::path& file) {
    std::ifstream in{file, std::ios::binary};
    return {std::istreambuf_iterator<char>{in}, {}};
}

/// Changes, inserts or removes a byte, or copies or moves a piece.
void mutate(std::string& text, std::mt19937& random) {
    static constexpr std::string_view telling =
        "\r\n\0\t :;,\"\\{}[]%&=/?#@.-+0123456789aeEu\x7f\x80\xc3\xa9\xed\xa0\xff";
    const auto below = [&random](std::size_t limit) { return limit == 0 ? 0 : random() % limit; };
    const std::size_t at = below(text.size() + 1);
    const char byte = telling[below(telling.size())];
    const std::string piece = text.substr(at, below(12));
    switch (below(5)) {
        case 0:
            if (at < text.size()) text[at] = byte;
            break;
        case 1:
            text.insert(at, 1, byte);
            break;
        case 2:
            text.erase(at, 1 + below(4));
            break;
        case 3:
            text.insert(at, piece);
            break;
        default:
            text.insert(below(text.size() + 1), piece);
    }
}

class FuzzSeeds : public testing::TestWithParam<fuzz::target> {};

} // namespace

TEST_P(FuzzSeeds, KeepTheirWord) {
    std::size_t seeds = 0;
    std::mt19937 random{20261123};
    for (const auto& entry : std::filesystem::directory_iterator(fuzz::seeds_folder(GetParam().name))) {
        const std::string seed = content(entry.path());
        ++seeds;
        EXPECT_NO_THROW(GetParam().run(seed)) << entry.path();
        for (int round = 0; round < 3000; ++round) {
            std::string text = seed;
            for (int damage = 0; damage <= round % 4; ++damage)
                mutate(text, random);
            try {
                GetParam().run(text);
            } catch (const std::exception& e) {
                FAIL() << e.what() << " in a mutation of " << entry.path() << ":\n"
                       << testing::PrintToString(text);
            }
        }
    }
    EXPECT_GE(seeds, 3U);
}

INSTANTIATE_TEST_SUITE_P(Targets, FuzzSeeds,
                         testing::ValuesIn(fuzz::all_targets().begin(), fuzz::all_targets().end()),
                         [](const auto& test) { return std::string(test.param.name); });
