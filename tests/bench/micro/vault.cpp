// The cost of sealing a pair of tokens, opening it, and finding it in memory.
#include "base/digest.hpp"
#include "vault/sealing.hpp"
#include "vault/token_cache.hpp"
#include "vault/token_text.hpp"

#include <benchmark/benchmark.h>

#include <memory>
#include <string>
#include <vector>

namespace gateway::vault {
namespace {

constexpr record_name whose{"tokens", "user-1000000", 7, "app-key"};

key_ring ring() {
    return *key_ring::parse("k1:" + to_base64(std::string(key_size_bytes, 'k')));
}

/// The content of a sealed blob, with texts as long as TikTok's.
secret pair() {
    const token_text tokens{secret{"act." + std::string(64, 'a') + "!5678.va"},
                            secret{"rft." + std::string(64, 'r') + "!5678.va"},
                            "723f24d7-e717-40f8-a2b6-cb8464cd23b4",
                            "user.info.basic,user.info.profile,user.info.stats,video.list,video.publish",
                            from_unix_ms(1'790'000'000'000),
                            from_unix_ms(1'790'086'400'000),
                            from_unix_ms(1'821'536'000'000)};
    return write_token_text(tokens);
}

void seal_pair(benchmark::State& state) {
    const auto keys = ring();
    const auto plain = pair();
    if (!open(keys, whose, seal(keys, whose, plain.reveal()))) return state.SkipWithError("it does not open");
    for (auto _ : state)
        benchmark::DoNotOptimize(seal(keys, whose, plain.reveal()));
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(plain.size()));
}
BENCHMARK(seal_pair);

void open_pair(benchmark::State& state) {
    const auto keys = ring();
    const auto blob = seal(keys, whose, pair().reveal());
    const auto opened = open(keys, whose, blob);
    if (!opened || !read_token_text(opened->reveal())) return state.SkipWithError("it does not open");
    for (auto _ : state)
        benchmark::DoNotOptimize(open(keys, whose, blob));
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(blob.size()));
}
BENCHMARK(open_pair);

void find_tokens(benchmark::State& state) {
    const auto count = static_cast<std::size_t>(state.range(0));
    token_cache cache(2 * count); // no shard is full
    std::vector<user_id> users;
    for (std::size_t i = 0; i < count; ++i) {
        users.push_back(user_id::trusted("user-" + std::to_string(1'000'000 + i)));
        auto tokens = std::make_shared<token_set>();
        tokens->user = users.back();
        cache.put_read(tokens, cache.now(users.back()));
    }
    std::size_t turn = 0;
    for (auto _ : state) {
        const auto found = cache.find(users[turn]);
        if (!found) {
            state.SkipWithError("a user is not found");
            break;
        }
        benchmark::DoNotOptimize(found.get());
        turn = turn + 1 == count ? 0 : turn + 1;
    }
}
BENCHMARK(find_tokens)->ArgName("users")->Arg(1)->Arg(100'000);

} // namespace
} // namespace gateway::vault
