// The cost of finding the caller by its API key: the first time on a connection, and later.
#include "pipeline/caller_book.hpp"

#include <benchmark/benchmark.h>

#include <memory>
#include <string>
#include <vector>

namespace gateway::pipeline {
namespace {

std::string key_of(std::int64_t number) {
    return "gk_7yWc0dQ4mVJt2rUeXn5bKs8pLz1aHf6GoI3" + std::to_string(1000 + number);
}

std::shared_ptr<const caller_book> book_of(std::int64_t size) {
    std::vector<settings::caller> callers;
    for (std::int64_t i = 0; i < size; ++i) {
        settings::caller one;
        one.name = "caller-" + std::to_string(i);
        one.key_sha256 = to_hex(sha256(key_of(i)));
        callers.push_back(std::move(one));
    }
    return std::make_shared<const caller_book>(std::move(callers));
}

void find_key(benchmark::State& state) {
    const auto book = book_of(state.range(0));
    const auto key = key_of(state.range(0) - 1);
    if (book->find(key) == nullptr) return state.SkipWithError("the key is not known");
    for (auto _ : state)
        benchmark::DoNotOptimize(book->find(key));
}
BENCHMARK(find_key)->ArgName("callers")->Arg(1)->Arg(10)->Arg(100);

void find_key_shown_before(benchmark::State& state) {
    const auto book = book_of(100);
    const auto key = key_of(99);
    cached_api_key shown;
    if (shown.find(book, key) != book->find(key)) return state.SkipWithError("another caller was found");
    for (auto _ : state)
        benchmark::DoNotOptimize(shown.find(book, key));
}
BENCHMARK(find_key_shown_before);

} // namespace
} // namespace gateway::pipeline
