// The fixture of the outbox's tests on every engine: events, turns, and what came of their deliveries.
#pragma once
#include "store/queries.hpp"
#include "unit/store/store_fixture.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace gateway::testing {

using store::delivery;
using store::delivery_end;
using store::event_type;
using store::outgoing_event;
using store::statement;

inline constexpr milliseconds hour{3'600'000};

class OutboxSuite : public StoreSuite {
protected:
    static outgoing_event event(const std::string& id, const std::string& subject = "a1",
                                const std::string& by = "shop",
                                event_type type = event_type::post_published) {
        outgoing_event out;
        out.id = id;
        out.caller = caller(by);
        out.user = user("ann");
        out.subject = subject;
        out.type = type;
        out.body = R"({"of":")" + id + R"("})";
        out.created_at = at_second(1);
        return out;
    }
    void add(const outgoing_event& one) {
        run(store::run(at->on(), store::unit::atomic_writes(), soon(), &store::add_event, one));
    }
    /// A turn of a replica whose `shop` and `other` have this URL and may be sent so much.
    static store::outbox_turn turn_of(const std::string& url_hash, std::size_t room = 10) {
        store::outbox_turn what;
        what.receivers = {{caller("other"), url_hash}, {caller("shop"), url_hash}};
        what.room = [room](std::size_t) { return room; };
        what.told = [](const caller_name& of_post, const user_id&) {
            if (!of_post.empty()) return std::vector{of_post};
            return std::vector{caller("other"), caller("shop")};
        };
        what.claim = milliseconds{30'000};
        what.retry = 72 * hour;
        what.keep = 30 * 24 * hour;
        return what;
    }
    store::outbox_claims turn(std::vector<delivery_end> ends = {}, std::size_t room = 10,
                              const std::string& url_hash = "u1") {
        auto what = turn_of(url_hash, room);
        what.ends = std::move(ends);
        return run(at->outbox.turn(what, soon()));
    }
    /// A turn of one of several replicas: nothing that waits for a URL that has ended is dropped at once.
    store::outbox_claims replica_turn(const std::string& url_hash, std::vector<delivery_end> ends = {}) {
        auto what = turn_of(url_hash);
        what.ends = std::move(ends);
        what.heard_within = milliseconds{40'000};
        return run(at->outbox.turn(what, soon()));
    }
    /// Writes rows for a test that needs many.
    void execute(statement what) {
        run(store::run(at->on(), store::unit::atomic_writes(), soon(), &store::execute, std::move(what)));
    }
    static delivery_end end_of(const delivery& of, delivery_end::kind what, milliseconds wait = {}) {
        delivery_end out;
        out.what = what;
        out.of = of;
        out.wait = wait;
        out.url_hash = "u1";
        return out;
    }
    /// Of `shop`, from the beginning on.
    static store::redelivery redelivery_of(const std::string& users, wall_time until) {
        store::redelivery out;
        out.caller = caller("shop");
        out.users = {users};
        out.since = at_second(0);
        out.until = until;
        out.retry = hour;
        return out;
    }
    static std::vector<std::string> ids(const std::vector<delivery>& of) {
        std::vector<std::string> out;
        for (const auto& one : of)
            out.push_back(one.event);
        std::sort(out.begin(), out.end());
        return out;
    }
    std::uint64_t count(statement ask) {
        return run(store::run(at->on(), store::unit::reads(), soon(), &store::number_of, std::move(ask)));
    }
    std::uint64_t events() { return count(statement("SELECT count(*) FROM webhook_events")); }
    std::vector<std::string> types() {
        return run(store::run(at->on(), store::unit::reads(), soon(), &store::all_of<std::string>,
                              statement("SELECT type FROM webhook_events ORDER BY number")));
    }
    std::vector<std::string> bodies() {
        return run(store::run(at->on(), store::unit::reads(), soon(), &store::all_of<std::string>,
                              statement("SELECT body FROM webhook_events ORDER BY number")));
    }
    void pass(milliseconds time) { GetParam().pass_time(folder, time); }

    static constexpr auto taken = delivery_end::kind::taken;
    static constexpr auto again = delivery_end::kind::again;
    static constexpr auto ended = delivery_end::kind::ended;
};

/// For engines whose units can fail; that of the deterministic tests has none that do.
class FailingOutboxSuite : public OutboxSuite {};

} // namespace gateway::testing
