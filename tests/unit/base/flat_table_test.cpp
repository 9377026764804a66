#include "base/flat_table.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <random>
#include <string>
#include <vector>

namespace gateway {
namespace {

struct named {
    std::string name;
    int value = 0;
};
using table_of_names = flat_table<named>;

named* find(table_of_names& in, std::size_t hash, const std::string& name) {
    return in.find(hash, [&name](const named& one) { return one.name == name; });
}

std::vector<std::string> walk(table_of_names& over) {
    std::vector<std::string> names;
    for (std::size_t place = 0; place < over.places(); ++place)
        if (const auto* const one = over.at(place)) names.push_back(one->name);
    std::sort(names.begin(), names.end());
    return names;
}

TEST(FlatTable, HasNothingAndNoMemoryAtFirst) {
    table_of_names table;
    EXPECT_EQ(find(table, 1, "ann"), nullptr);
    EXPECT_EQ(table.places(), 0U);
    table.fetch(1);
    table.shrink();
    EXPECT_EQ(table.places(), 0U);
}

TEST(FlatTable, TellsThoseOfOneHashApart) {
    table_of_names table;
    for (const char* name : {"ann", "bob", "cid"})
        table.add(7) = {name, 1};
    find(table, 7, "bob")->value = 2;
    table.erase(*find(table, 7, "ann"));
    EXPECT_EQ(find(table, 7, "ann"), nullptr);
    EXPECT_EQ(find(table, 7, "bob")->value, 2);
    EXPECT_EQ(find(table, 8, "bob"), nullptr) << "another hash";
    EXPECT_EQ(table.size(), 2U);
}

TEST(FlatTable, GivesItsMemoryBackOnceMostAreGone) {
    table_of_names table;
    for (std::size_t i = 0; i < 10'000; ++i)
        table.add(i) = {std::to_string(i), 0};
    const auto many = table.places();
    for (std::size_t i = 20; i < 10'000; ++i)
        table.erase(*find(table, i, std::to_string(i)));
    EXPECT_EQ(table.places(), many);
    table.shrink();
    EXPECT_LE(table.places(), 64U);
    for (std::size_t i = 0; i < 20; ++i)
        EXPECT_NE(find(table, i, std::to_string(i)), nullptr) << i;
}

TEST(FlatTable, PushesOutInTurnAndNotWhoCameLast) {
    table_of_names table;
    std::size_t turn = 0;
    int next = 0, pushed_out_young = 0;
    const auto hash_of = [](int i) { return std::hash<int>{}(i)*31; };
    for (; next < 500; ++next)
        table.add(hash_of(next)) = {std::to_string(next), next};
    for (; next < 5'000; ++next) {
        const int youngest = next - 1;
        const named out = table.push_out(turn);
        EXPECT_EQ(out.name, std::to_string(out.value));
        EXPECT_EQ(find(table, hash_of(out.value), out.name), nullptr);
        pushed_out_young += find(table, hash_of(youngest), std::to_string(youngest)) ? 0 : 1;
        table.add(hash_of(next)) = {std::to_string(next), next};
        ASSERT_EQ(table.size(), 500U);
    }
    EXPECT_LT(pushed_out_young, 100) << "of 4,500";
    for (int i = 0; i < 3'000; ++i)
        EXPECT_EQ(find(table, hash_of(i), std::to_string(i)), nullptr) << i;
}

TEST(FlatTable, IsEmptyOnceItIsCleared) {
    table_of_names table;
    for (std::size_t i = 0; i < 100; ++i)
        table.add(i) = {std::to_string(i), 0};
    table.clear();
    table.fetch(5);
    EXPECT_EQ(find(table, 5, "5"), nullptr);
    table.add(5) = {"5", 1};
    EXPECT_EQ(find(table, 5, "5")->value, 1);
    EXPECT_EQ(table.size(), 1U);
}

/// Hashes with few values, so that runs are long and wrap around the end; and 0, which marks a free slot.
struct traffic {
    std::size_t hashes;
    int names;
};
class FlatTableUnder : public ::testing::TestWithParam<traffic> {};

TEST_P(FlatTableUnder, KnowsWhatAMapKnowsWhateverComesAndGoes) {
    std::mt19937 dice(20'261'127);
    const auto below = [&dice](std::size_t bound) { return dice() % bound; };
    table_of_names table;
    std::map<std::string, int> model;
    for (int step = 0; step < 60'000; ++step) {
        const bool grows = (step / 10'000) % 2 == 0;
        const auto name = std::to_string(below(static_cast<std::size_t>(GetParam().names)));
        const std::size_t hash = std::hash<std::string>{}(name) % GetParam().hashes;
        table.fetch(hash);
        auto* const found = find(table, hash, name);
        const auto known = model.find(name);
        ASSERT_EQ(found != nullptr, known != model.end()) << step;
        if (found) {
            ASSERT_EQ(found->value, known->second) << step;
        }
        if (found && below(3) < (grows ? 1U : 2U)) {
            table.erase(*found);
            model.erase(known);
        } else if (found) {
            found->value = model[name] = step;
        } else if (grows || below(3) == 0) {
            table.add(hash) = {name, step};
            model[name] = step;
        }
        if (below(1'000) == 0) table.shrink();
        ASSERT_EQ(table.size(), model.size()) << step;
    }
    std::vector<std::string> names;
    for (const auto& [name, value] : model)
        names.push_back(name);
    std::sort(names.begin(), names.end());
    EXPECT_EQ(walk(table), names);
    EXPECT_GT(names.size(), 0U);
}

INSTANTIATE_TEST_SUITE_P(Traffic, FlatTableUnder,
                         ::testing::Values(traffic{3, 40}, traffic{50, 200}, traffic{1'000'000, 200},
                                           traffic{SIZE_MAX, 5'000}));

} // namespace
} // namespace gateway
