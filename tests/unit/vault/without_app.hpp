// Pairs from before TikTok apps were noted.
#pragma once
#include "store/queries.hpp"
#include "unit/vault/vault_fixture.hpp"

#include <string>
#include <utility>
#include <vector>

namespace gateway::testing {

/// Seals a user's pair, which is sealed under the key "a", like a program from before.
inline void seal_without_app(worker& loop, store::store& at, const std::string& name) {
    const auto record = **run_on(loop, at.connections.find(user_id::trusted(name), soon()));
    const auto keys = ring_of("a");
    const auto plain =
        vault::open(keys, vault::name_of_pair(name, record.version, record.app), record.sealed_tokens);
    store::resealed_record old;
    old.seen = {store::sealed_as::pair, name, record.version, record.app, record.sealed_tokens};
    old.sealed_anew = vault::seal(keys, vault::name_of_pair(name, record.version, {}), plain->reveal());
    std::vector<store::resealed_record> all{old};
    ASSERT_EQ(*run_on(loop, at.sealed.replace(std::move(all), soon())), 1U);
    auto change = [name](store::transaction& in) -> task<void> {
        return execute(in,
                       store::statement("UPDATE connections SET app = '', proof = 'none' WHERE user_id = $1",
                                        user_id::trusted(name)));
    };
    ASSERT_TRUE(run_on(loop, store::run(at.on(), store::unit::writes(), soon(), std::move(change))));
}

} // namespace gateway::testing
