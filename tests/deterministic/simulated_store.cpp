#include "deterministic/simulated_store.hpp"

#include "runtime/shared_wait.hpp"
#include "store/open_store.hpp"

#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

namespace gateway::simulation {

using namespace store;

namespace {

template <class Value>
using answer_of = std::conditional_t<std::is_void_v<Value>, done, Value>;

/// One call between a replica and the database: both ends hold it, and either may go first.
template <class Work>
struct call_on_its_way {
    using value = answer_of<std::invoke_result_t<Work&, database&>>;

    explicit call_on_its_way(Work what) : work(std::move(what)) {}
    void apply(database& at) {
        if constexpr (std::is_void_v<std::invoke_result_t<Work&, database&>>) {
            work(at);
            out.emplace();
        } else {
            out.emplace(work(at));
        }
    }

    Work work;
    std::optional<value> out;
    shared_wait<result<value>> answer;
};

failure trouble() {
    return failure{errc::vault_unavailable, "The connection to the database broke."};
}

failure too_late() {
    return failure{errc::deadline_exceeded, "The database did not answer in time."};
}

class simulated_store final : public gateway::store::store {
public:
    simulated_store(database& at, store_wire* wire)
        : at_(at),
          wire_(wire),
          owner_(new_ulid(wall_now())),
          silent_max_(wire ? gateway::store::store_limits{}.silent_max : std::chrono::hours{24 * 365}) {
        at_.be_alive(owner_, silent_max_);
    }
    ~simulated_store() override {
        if (!wire_) at_.gone(owner_); // a replica of a world dies: nobody tells the database
    }

    task<result<std::optional<connection_record>>> find_connection(user_id user, deadline until) override {
        auto work = [user = std::move(user)](database& at) { return at.find_connection(user); };
        return ask(until, std::move(work));
    }

    task<result<std::vector<connection_record>>> find_connections_of_account(open_id account,
                                                                             deadline until) override {
        auto work = [account = std::move(account)](database& at) {
            return at.find_connections_of_account(account);
        };
        return ask(until, std::move(work));
    }

    task<result<page_of<connection_record>>> list_connections(std::vector<std::string> patterns,
                                                              std::string cursor, std::uint32_t limit,
                                                              deadline until) override {
        auto work = [patterns = std::move(patterns), cursor = std::move(cursor), limit](database& at) {
            return at.list_connections(patterns, cursor, limit);
        };
        return ask(until, std::move(work));
    }

    task<result<std::uint64_t>> version_floor(deadline until) override {
        auto work = [](database& at) { return at.version_floor(); };
        return ask(until, std::move(work));
    }

    task<result<bool>> put_connection(connection_record record, std::uint64_t expected_version,
                                      deadline until) override {
        auto work = [record = std::move(record), expected_version](database& at) {
            return at.put_connection(record, expected_version);
        };
        return ask(until, std::move(work));
    }

    task<result<bool>> set_connection_state(user_id user, std::uint64_t version, connection_state state,
                                            std::string cause, wall_time now, deadline until) override {
        auto work = [user = std::move(user), version, state, cause = std::move(cause), now](database& at) {
            return at.set_connection_state(user, version, state, cause, now);
        };
        return ask(until, std::move(work));
    }

    task<result<bool>> revoke_connection(user_id user, std::string cause, wall_time now,
                                         deadline until) override {
        auto work = [user = std::move(user), cause = std::move(cause), now](database& at) {
            return at.revoke_connection(user, cause, now);
        };
        return ask(until, std::move(work));
    }

    task<result<bool>> forget_connection(user_id user, deadline until) override {
        auto work = [user = std::move(user)](database& at) { return at.forget_connection(user); };
        return ask(until, std::move(work));
    }

    task<result<std::vector<std::uint64_t>>> count_connections_by_state(deadline until) override {
        auto work = [](database& at) { return at.count_connections_by_state(); };
        return ask(until, std::move(work));
    }

    task<result<std::vector<kept_tokens_record>>> kept_tokens(user_id user, deadline until) override {
        auto work = [user = std::move(user)](database& at) { return at.kept_tokens(user); };
        return ask(until, std::move(work));
    }

    task<result<std::optional<lease>>> take_lease(user_id user, std::string owner, milliseconds length,
                                                  wall_time now, deadline until) override {
        auto work = [user = std::move(user), owner = std::move(owner), length, now](database& at) {
            return at.take_lease(user, owner, length, now);
        };
        return ask(until, std::move(work));
    }

    task<result<done>> release_lease(lease held, deadline until) override {
        auto work = [held = std::move(held)](database& at) { return at.release_lease(held); };
        return ask(until, std::move(work));
    }

    task<result<refresh_begin>> begin_refresh(lease held, std::uint64_t version, wall_time now,
                                              deadline until) override {
        auto work = [held = std::move(held), version, now](database& at) {
            return at.begin_refresh(held, version, now);
        };
        return ask(until, std::move(work));
    }

    task<result<refresh_end>> finish_refresh(lease held, connection_record record,
                                             std::uint64_t expected_version, deadline until) override {
        auto work = [held = std::move(held), record = std::move(record), expected_version](database& at) {
            return at.finish_refresh(held, record, expected_version);
        };
        return ask(until, std::move(work));
    }

    task<result<std::vector<refresh_intent>>> open_refreshes(wall_time, deadline until) override {
        auto work = [](database& at) { return at.open_refreshes(); };
        return ask(until, std::move(work));
    }

    task<result<done>> close_refresh(lease held, deadline until) override {
        auto work = [held = std::move(held)](database& at) { return at.close_refresh(held); };
        return ask(until, std::move(work));
    }

    task<result<done>> put_oauth_state(oauth_state_record record, deadline until) override {
        auto work = [record = std::move(record)](database& at) { return at.put_oauth_state(record); };
        return ask(until, std::move(work));
    }

    task<result<std::optional<oauth_state_record>>> take_oauth_state(std::string state_hash, wall_time now,
                                                                     deadline until) override {
        auto work = [state_hash = std::move(state_hash), now](database& at) {
            return at.take_oauth_state(state_hash, now);
        };
        return ask(until, std::move(work));
    }

    task<result<bool>> begin_post(post_record record, deadline until) override {
        auto work = [record = std::move(record), owner = owner_](database& at) {
            return at.begin_post(record, owner);
        };
        return ask(until, std::move(work));
    }

    task<result<bool>> update_post(post_record record, deadline until, durable /*when*/) override {
        auto work = [record = std::move(record), owner = owner_](database& at) {
            return at.update_post(record, owner);
        };
        return ask(until, std::move(work));
    }

    task<result<told_end>> tell_post_status(told_status told, deadline until) override {
        auto work = [told = std::move(told)](database& at) { return at.tell_post_status(told); };
        return ask(until, std::move(work));
    }

    task<result<shared_post>> find_post(const user_id& user, const publish_id& id, deadline until) override {
        auto work = [user, id](database& at) { return shared(at.find_post(&user, id)); };
        return ask(until, std::move(work));
    }

    task<result<page_of<post_record>>> list_posts(user_id user, std::string cursor, std::uint32_t limit,
                                                  deadline until) override {
        auto work = [user = std::move(user), cursor = std::move(cursor), limit](database& at) {
            return at.list_posts(user, cursor, limit);
        };
        return ask(until, std::move(work));
    }

    task<result<std::optional<post_record>>> find_post_by_id(publish_id id, deadline until) override {
        auto work = [id = std::move(id)](database& at) { return at.find_post(nullptr, id); };
        return ask(until, std::move(work));
    }

    task<result<std::string>> claim_draft(user_id user, publish_id draft, std::string attempt,
                                          deadline until) override {
        auto work = [user = std::move(user), draft = std::move(draft), attempt = std::move(attempt)](
                        database& at) { return at.claim_draft(user, draft, attempt); };
        return ask(until, std::move(work));
    }

    task<result<done>> release_draft(user_id user, publish_id draft, std::string attempt,
                                     deadline until) override {
        auto work = [user = std::move(user), draft = std::move(draft), attempt = std::move(attempt)](
                        database& at) { return at.release_draft(user, draft, attempt); };
        return ask(until, std::move(work));
    }

    task<result<std::optional<post_record>>> find_attempt(std::string attempt, deadline until) override {
        auto work = [attempt = std::move(attempt)](database& at) { return at.find_attempt(attempt); };
        return ask(until, std::move(work));
    }

    task<result<std::vector<post_record>>> posts_since(wall_time since, deadline until) override {
        auto work = [since](database& at) { return at.posts_since(since); };
        return ask(until, std::move(work));
    }

    task<result<std::vector<post_record>>> abandoned_posts(std::uint32_t limit, deadline until) override {
        auto work = [limit, life = silent_max_, heir = new_ulid(wall_now())](database& at) {
            return at.abandoned_posts(heir, life, limit);
        };
        return ask(until, std::move(work));
    }

    task<result<std::optional<idempotency_record>>> claim_key(idempotency_record record, wall_time now,
                                                              deadline until) override {
        auto work = [record = std::move(record), now, owner = owner_](database& at) {
            return at.claim_key(record, owner, now);
        };
        return ask(until, std::move(work));
    }

    task<result<done>> finish_key(idempotency_record record, deadline until) override {
        auto work = [record = std::move(record), owner = owner_](database& at) {
            return at.finish_key(record, owner);
        };
        return ask(until, std::move(work));
    }

    task<result<done>> forget_key(idempotency_record record, deadline until) override {
        auto work = [record = std::move(record), owner = owner_](database& at) {
            return at.forget_key(record, owner);
        };
        return ask(until, std::move(work));
    }

    task<result<std::vector<abandoned_key>>> abandoned_keys(std::uint32_t limit, deadline until) override {
        auto work = [limit, life = silent_max_, heir = new_ulid(wall_now())](database& at) {
            return at.abandoned_keys(heir, life, limit);
        };
        return ask(until, std::move(work));
    }

    task<result<done>> put_file(file_record record, deadline until) override {
        auto work = [record = std::move(record)](database& at) { return at.put_file(record); };
        return ask(until, std::move(work));
    }

    task<result<std::optional<file_record>>> find_file(file_id id, deadline until) override {
        auto work = [id = std::move(id)](database& at) { return at.find_file(id); };
        return ask(until, std::move(work));
    }

    task<result<bool>> forget_file(file_id id, deadline until) override {
        auto work = [id = std::move(id)](database& at) { return at.forget_file(id); };
        return ask(until, std::move(work));
    }

    task<result<std::vector<file_record>>> expired_files(wall_time now, std::uint32_t limit,
                                                         deadline until) override {
        auto work = [now, limit](database& at) { return at.expired_files(now, limit); };
        return ask(until, std::move(work));
    }

    task<result<std::uint64_t>> stored_file_bytes(deadline until) override {
        auto work = [](database& at) { return at.stored_file_bytes(); };
        return ask(until, std::move(work));
    }

    task<result<std::optional<std::string>>> find_meta(std::string name, deadline until) override {
        auto work = [name = std::move(name)](database& at) { return at.find_meta(name); };
        return ask(until, std::move(work));
    }

    task<result<done>> put_meta(std::string name, std::string value, deadline until) override {
        auto work = [name = std::move(name), value = std::move(value)](database& at) {
            return at.put_meta(name, value);
        };
        return ask(until, std::move(work));
    }

    task<result<done>> forget_meta(std::string name, deadline until) override {
        auto work = [name = std::move(name)](database& at) { return at.forget_meta(name); };
        return ask(until, std::move(work));
    }

    task<result<std::vector<std::pair<std::string, std::string>>>> list_meta(std::string name_prefix,
                                                                             deadline until) override {
        auto work = [name_prefix = std::move(name_prefix)](database& at) {
            return at.list_meta(name_prefix);
        };
        return ask(until, std::move(work));
    }

    task<result<std::uint64_t>> count_sealed_with(std::string prefix, deadline until) override {
        auto work = [prefix = std::move(prefix)](database& at) { return at.count_sealed_with(prefix); };
        return ask(until, std::move(work));
    }

    task<result<page_of<sealed_pair_record>>> list_sealed_with(std::string prefix, std::string cursor,
                                                               std::uint32_t limit, deadline until) override {
        auto work = [prefix = std::move(prefix), cursor = std::move(cursor), limit](database& at) {
            return at.list_sealed_with(prefix, cursor, limit);
        };
        return ask(until, std::move(work));
    }

    task<result<std::uint64_t>> replace_sealed(std::vector<resealed_pair> pairs, deadline until) override {
        auto work = [pairs = std::move(pairs)](database& at) { return at.replace_sealed(pairs); };
        return ask(until, std::move(work));
    }

    task<result<std::uint64_t>> add_to_counter(std::string name, std::uint64_t by, deadline until) override {
        auto work = [name = std::move(name), by](database& at) { return at.add_to_counter(name, by); };
        return ask(until, std::move(work));
    }

    task<result<done>> sweep(wall_time now, deadline until) override {
        auto work = [now](database& at) { return at.sweep(now); };
        return ask(until, std::move(work));
    }

    task<result<done>> ping(deadline until) override {
        auto work = [owner = owner_, life = silent_max_](database& at) { at.be_alive(owner, life); };
        return ask(until, std::move(work));
    }

private:
    template <class Work>
    task<result<typename call_on_its_way<Work>::value>> ask(deadline until, Work work) {
        if (until.passed(steady_now())) co_return too_late();
        const auto call = std::make_shared<call_on_its_way<Work>>(std::move(work));
        if (!wire_) {
            call->apply(at_);
            co_return std::move(*call->out);
        }
        auto apply = [call, &at = at_] { call->apply(at); };
        auto tell = [call](bool good) {
            if (good)
                call->answer.set(std::move(*call->out));
            else
                call->answer.set(trouble());
        };
        wire_->carry(std::move(apply), std::move(tell));
        auto answer = co_await call->answer.wait(until);
        if (!answer) co_return too_late();
        co_return std::move(*answer);
    }

    database& at_;
    store_wire* wire_;
    const std::string owner_;
    const milliseconds silent_max_; // so long after its last beat (a ping) a replica counts as gone
};

} // namespace

void store_wire::carry(std::function<void()> apply, std::function<void(bool good)> tell) {
    const auto there = world_.chance().between(faults.fastest, faults.slowest);
    const auto back = world_.chance().between(faults.fastest, faults.slowest);
    const bool lost_before = world_.chance().permille(faults.lost_before_permille);
    const bool lost_after = world_.chance().permille(faults.lost_after_permille);
    const bool silent = world_.chance().permille(faults.silent_permille);
    world_.after(there, [this, back, lost_before, lost_after, silent, apply = std::move(apply),
                         tell = std::move(tell)] {
        const bool reached = !down && !lost_before;
        if (reached) apply();
        if (!silent) world_.after(back, [tell, good = reached && !lost_after] { tell(good); });
    });
}

std::unique_ptr<gateway::store::store> make_simulated_store(database& at, store_wire* wire) {
    return std::make_unique<simulated_store>(at, wire);
}

} // namespace gateway::simulation
