#include "deterministic/replica.hpp"

#include "base/digest.hpp"
#include "runtime/waiter.hpp"

#include <algorithm>

namespace gateway::simulation {
namespace {

/// Like app/crash_recovery.cpp and the start.
task<void> look_after(vault::token_vault& vault, tokens::token_service& tokens) {
    for (bool good = false; !good;) {
        const auto checked = co_await vault.check_keys(deadline::in(steady_now(), seconds{10}));
        good = checked.has_value();
        if (!good) co_await pause_until(deadline::in(steady_now(), seconds{1}));
    }
    for (;;) {
        const auto resumed = co_await tokens.resume_open_refreshes(deadline::in(steady_now(), seconds{300}));
        static_cast<void>(resumed); // a failure does not matter, because the next round follows
        co_await pause_until(deadline::in(steady_now(), seconds{5}));
    }
}

} // namespace

vault::key_ring simulated_keys() {
    return *vault::key_ring::parse("a:" + to_base64(std::string(32, 'k')) + "\n");
}

replica::replica(world& in, simulated_database& at, store_wire& wire, token_endpoint& tiktok, life& mine,
                 tokens::token_service_settings settings)
    : world_(in),
      mine_(mine),
      loop_(std::make_unique<worker>()),
      stay_(loop_->executor()),
      records_(std::make_unique<store::store>(std::make_unique<simulated_engine>(at, wire, loop_->group()),
                                              milliseconds{0})),
      ask_(std::make_unique<tiktok::oauth>(tiktok.sender_of(mine), "open.tiktokapis.com", app_,
                                           "https://gw.example/oauth/callback")),
      vault_(std::make_unique<vault::token_vault>(
          vault::pair_store{records_->connections, records_->refreshes, records_->proofs,
                            records_->revocations, records_->sealed, records_->facts},
          simulated_keys(), "app-key")),
      tokens_(std::make_unique<tokens::token_service>(*loop_, *ask_, *vault_, records_->refreshes, settings)),
      alive_(std::make_shared<bool>(true)) {
    place_.loop = &loop_->loop();
    place_.waits_at = virtual_time::newest_loop();
    place_.wall_skew = milliseconds{static_cast<std::int64_t>(in.chance().below(30'001)) - 15'000};
    mine_.began = steady_now();
    world_.join(place_);
    group().spawn(look_after(*vault_, *tokens_));
}

replica::~replica() {
    *alive_ = false;
    mine_.over = true;
    mine_.ended_at = steady_now();
    world_.leave(place_);
    stay_.reset();
    loop_.reset();
}

void replica::stand_still(milliseconds time) {
    place_.paused = true;
    mine_.pauses.emplace_back(steady_now(), steady_now() + time);
    world_.note("stands still", {}, mine_.number);
    world_.after(time, [this, alive = alive_] {
        if (!*alive) return;
        place_.paused = false;
        world_.note("goes on", {}, mine_.number);
    });
}

} // namespace gateway::simulation
