#include "base/append.hpp"

#include "base/json/plain.hpp"
#include "base/memory/object_pool.hpp"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <utility>

namespace gateway {
namespace {

TEST(TextEnd, WritesWhatAppendWritesWhateverRoomTheStringHas) {
    std::mt19937 random(1);
    for (int round = 0; round < 2'000; ++round) {
        std::string ours(random() % 40, 'a'), expected = ours;
        ours.reserve(random() % 700);
        string_appender end(ours, random() % 600);
        for (auto pieces = random() % 20; pieces > 0; --pieces) {
            const std::string piece(random() % 100, static_cast<char>('b' + pieces));
            end.put(piece, ": ", piece);
            expected += piece + ": " + piece;
        }
        end.close();
        EXPECT_EQ(ours, expected);
    }
}

TEST(TextEnd, StaysInTheMemoryThatSufficesAndEndsBehindTheLastPiece) {
    std::string text;
    text.reserve(300);
    const char* const at = text.data();
    {
        string_appender end(text);
        for (int i = 0; i < 100; ++i)
            end.put("abc");
    }
    EXPECT_EQ(text.data(), at);
    EXPECT_EQ(text.size(), 300U);
}

TEST(JsonPlain, FindsOneByteThatIsNotPlainWhereverItIs) {
    for (std::size_t size = 0; size < 40; ++size) {
        EXPECT_TRUE(json::all_plain(std::string(size, 'x'))) << size;
        for (std::size_t at = 0; at < size; ++at)
            for (int byte = 0; byte < 256; ++byte) {
                std::string text(size, 'x');
                text[at] = static_cast<char>(byte);
                const bool plain = byte >= 0x20 && byte < 0x80 && byte != '"' && byte != '\\';
                EXPECT_EQ(json::all_plain(text), plain) << size << " " << at << " " << byte;
            }
    }
}

TEST(SpareRooms, GiveTheLastRoomAgainCleaned) {
    struct room {
        std::string text;
        void clean() { text.clear(); }
    };
    object_pool<room> rooms;
    auto first = rooms.take();
    first->text = "of a call";
    const room* const same = first.get();
    rooms.give(std::move(first));
    const auto again = rooms.take();
    EXPECT_EQ(again.get(), same);
    EXPECT_TRUE(again->text.empty());
    EXPECT_NE(rooms.take().get(), same);
}

} // namespace
} // namespace gateway
