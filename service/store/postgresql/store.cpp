#include "store/postgresql/store.hpp"

#include "runtime/waiter.hpp"
#include "store/late_store.hpp"
#include "store/postgresql/migrations.hpp"
#include "store/postgresql/operations.hpp"
#include "store/postgresql/pool.hpp"
#include "store/postgresql/watch.hpp"
#include "store/wait_for.hpp"

#include <mutex>

namespace gateway::store {
namespace {

using postgresql::connection;

constexpr milliseconds farewell_within{1'000};
// Who takes over what was left must see who has taken before: a row that another replica has just claimed
// would else look as it did at the beginning of the statement, abandoned.
constexpr std::int64_t settlement_lock = schema_lock + 1;

/// Each call is a job of the same name in postgresql_operations; its arguments live in this coroutine's frame
/// until the job has ended.
class postgresql_store final : public late_store {
public:
    postgresql_store(postgresql_address address, store_limits limits)
        : late_store(2 * limits.job_max, limits.job_max), // a statement may have as long on the server's side
          limits_(limits),
          watch_(pool_, listeners_, limits.silent_max / 3),
          pool_(std::move(address), limits) {}
    ~postgresql_store() override;

    /// Empty, or what an operator has to know.
    std::string begin();

    void listen(change_listener& who) override { listeners_.add(who); }
    void stop_listening(change_listener& who) override { listeners_.remove(who); }
    std::optional<limits::replicas_seen> replicas() const override;
    task<result<window_grant>> take_window_share(window_wish wish, deadline until) override;
    task<result<done>> return_window_share(window_name which, std::int64_t granted_as, std::uint32_t capacity,
                                           milliseconds frees_in, deadline until) override;
    task<result<done>> close_window(window_name which, std::uint32_t limit, milliseconds wait,
                                    deadline until) override;
    task<result<std::optional<connection_record>>> find_connection(user_id user, deadline until) override;
    task<result<std::vector<connection_record>>> find_connections_of_account(open_id account,
                                                                             deadline until) override;
    task<result<page_of<connection_record>>> list_connections(std::vector<std::string> patterns,
                                                              std::string cursor, std::uint32_t limit,
                                                              deadline until) override;
    task<result<std::uint64_t>> version_floor(deadline until) override;
    task<result<bool>> put_connection(connection_record record, std::uint64_t expected_version,
                                      deadline until) override;
    task<result<bool>> set_connection_state(user_id user, std::uint64_t version, connection_state state,
                                            std::string cause, wall_time now, deadline until) override;
    task<result<bool>> revoke_connection(user_id user, std::string cause, wall_time now,
                                         deadline until) override;
    task<result<bool>> forget_connection(user_id user, deadline until) override;
    task<result<std::vector<std::uint64_t>>> count_connections_by_state(deadline until) override;
    task<result<std::vector<kept_tokens_record>>> kept_tokens(user_id user, deadline until) override;
    task<result<std::optional<lease>>> take_lease(user_id user, std::string owner, milliseconds length,
                                                  wall_time now, deadline until) override;
    task<result<done>> release_lease(lease held, deadline until) override;
    task<result<refresh_begin>> begin_refresh(lease held, std::uint64_t version, wall_time now,
                                              deadline until) override;
    task<result<refresh_end>> finish_refresh(lease held, connection_record record,
                                             std::uint64_t expected_version, deadline until) override;
    task<result<std::vector<refresh_intent>>> open_refreshes(wall_time now, deadline until) override;
    task<result<done>> close_refresh(lease held, deadline until) override;
    task<result<done>> put_oauth_state(oauth_state_record record, deadline until) override;
    task<result<std::optional<oauth_state_record>>> take_oauth_state(std::string state_hash, wall_time now,
                                                                     deadline until) override;
    task<result<bool>> begin_post(post_record record, deadline until) override;
    task<result<told_end>> tell_post_status(told_status told, deadline until) override;
    task<result<shared_post>> find_post(const user_id& user, const publish_id& id, deadline until) override;
    task<result<page_of<post_record>>> list_posts(user_id user, std::string cursor, std::uint32_t limit,
                                                  deadline until) override;
    task<result<std::optional<post_record>>> find_post_by_id(publish_id id, deadline until) override;
    task<result<std::string>> claim_draft(user_id user, publish_id draft, std::string attempt,
                                          deadline until) override;
    task<result<done>> release_draft(user_id user, publish_id draft, std::string attempt,
                                     deadline until) override;
    task<result<std::optional<post_record>>> find_attempt(std::string attempt, deadline until) override;
    task<result<std::vector<post_record>>> posts_since(wall_time since, deadline until) override;
    task<result<std::vector<post_record>>> abandoned_posts(std::uint32_t limit, deadline until) override;
    task<result<std::vector<abandoned_key>>> abandoned_keys(std::uint32_t limit, deadline until) override;
    task<result<done>> put_file(file_record record, deadline until) override;
    task<result<std::optional<file_record>>> find_file(file_id id, deadline until) override;
    task<result<bool>> forget_file(file_id id, deadline until) override;
    task<result<std::vector<file_record>>> expired_files(wall_time now, std::uint32_t limit,
                                                         deadline until) override;
    task<result<std::uint64_t>> stored_file_bytes(deadline until) override;
    task<result<std::optional<std::string>>> find_meta(std::string name, deadline until) override;
    task<result<done>> put_meta(std::string name, std::string value, deadline until) override;
    task<result<done>> forget_meta(std::string name, deadline until) override;
    task<result<std::vector<std::pair<std::string, std::string>>>> list_meta(std::string name_prefix,
                                                                             deadline until) override;
    task<result<std::uint64_t>> count_sealed_with(std::string prefix, deadline until) override;
    task<result<page_of<sealed_pair_record>>> list_sealed_with(std::string prefix, std::string cursor,
                                                               std::uint32_t limit, deadline until) override;
    task<result<std::uint64_t>> replace_sealed(std::vector<resealed_pair> pairs, deadline until) override;
    task<result<std::uint64_t>> add_to_counter(std::string name, std::uint64_t by, deadline until) override;
    task<result<done>> sweep(wall_time now, deadline until) override;
    task<result<done>> ping(deadline until) override;

private:
    task<std::string> prepare(connection& at, std::string& trouble);
    task<std::string> begin_with(deadline until);
    task<result<done>> say_good_bye(deadline until);
    task<void> stay_alive();
    task<result<bool>> change_post(const post_record& record, deadline until, durable when) override;
    task<result<bool>> end_key(const idempotency_record& record, bool finished, deadline until) override;
    task<result<std::optional<idempotency_record>>> try_claim(const idempotency_record& record, wall_time now,
                                                              deadline until, bool& may_be_ours) override;
    void note_beat(steady_time began, std::uint64_t replicas);

    const store_limits limits_;
    const std::string owner_ = new_ulid(wall_now()); // of rows: this opening of the store
    mutable std::mutex seen_mutex_;
    limits::replicas_seen seen_;
    change_listeners listeners_;
    postgresql_watch watch_; // on the thread of the pool, which therefore goes first
    postgresql_pool pool_;
};

/// What is ours and unfinished may be settled by others at once.
postgresql_store::~postgresql_store() {
    static_cast<void>(wait_for(wait_until_written(deadline::in(steady_now(), farewell_within))));
    static_cast<void>(wait_for(say_good_bye(deadline::in(steady_now(), farewell_within))));
}

task<result<done>> postgresql_store::say_good_bye(deadline until) {
    auto work = [this](connection& at) { return postgresql::be_gone(at, owner_); };
    co_return co_await on_pool(pool_, unit::statements(), until, std::move(work));
}

std::string postgresql_store::begin() {
    const auto within = limits_.connect_within + limits_.job_max;
    auto wrong = wait_for(begin_with(deadline::in(steady_now(), within)));
    if (!wrong.empty()) return wrong;
    pool_.keep_doing(stay_alive());
    pool_.keep_doing(keep_writing_late());
    pool_.keep_doing(watch_.keep_watching());
    return wrong;
}

task<std::string> postgresql_store::prepare(connection& at, std::string& trouble) {
    auto refused = co_await migrate_postgresql(at);
    if (refused.empty()) {
        const auto began = steady_now();
        note_beat(began, co_await postgresql::be_alive(at, owner_, limits_.silent_max));
    }
    trouble = at.error();
    co_return refused;
}

task<std::string> postgresql_store::begin_with(deadline until) {
    std::string trouble;
    auto work = [this, &trouble](connection& at) { return prepare(at, trouble); };
    auto refused = co_await on_pool(pool_, unit::transaction_with(schema_lock), until, std::move(work));
    if (refused) co_return std::move(*refused);
    if (trouble.empty()) trouble = pool_.trouble();
    co_return "The store cannot be opened: " + (trouble.empty() ? refused.error().message() : trouble);
}

/// Several beats fit into the silence after which a replica counts as gone.
task<void> postgresql_store::stay_alive() {
    while (true) {
        co_await pause_until(deadline::in(steady_now(), limits_.silent_max / 6));
        const auto beat = co_await ping(deadline::in(steady_now(), limits_.silent_max / 6));
        static_cast<void>(beat); // readiness is asked for by main; the next beat comes anyway
    }
}

void postgresql_store::note_beat(steady_time began, std::uint64_t replicas) {
    const std::lock_guard lock(seen_mutex_);
    seen_.silent_max = limits_.silent_max;
    seen_.beat(began, static_cast<std::uint32_t>(replicas));
}

std::optional<limits::replicas_seen> postgresql_store::replicas() const {
    const std::lock_guard lock(seen_mutex_);
    return seen_;
}

task<result<window_grant>> postgresql_store::take_window_share(window_wish wish, deadline until) {
    auto work = [this, &wish](connection& at) { return postgresql::take_window_share(at, wish, owner_); };
    co_return co_await on_pool(pool_, unit::transaction_of(wish.which), until, std::move(work));
}

task<result<done>> postgresql_store::return_window_share(window_name which, std::int64_t granted_as,
                                                         std::uint32_t capacity, milliseconds frees_in,
                                                         deadline until) {
    auto work = [this, &which, granted_as, capacity, frees_in](connection& at) {
        return postgresql::return_window_share(at, {which, granted_as, capacity, frees_in}, owner_);
    };
    co_return co_await on_pool(pool_, unit::statements(), until, std::move(work));
}

task<result<done>> postgresql_store::close_window(window_name which, std::uint32_t limit, milliseconds wait,
                                                  deadline until) {
    auto work = [&which, &limit, &wait](connection& at) {
        return postgresql::close_window(at, which, limit, wait);
    };
    co_return co_await on_pool(pool_, unit::statements(), until, std::move(work));
}

task<result<std::optional<connection_record>>> postgresql_store::find_connection(user_id user,
                                                                                 deadline until) {
    auto work = [&user](connection& at) { return postgresql::find_connection(at, user); };
    co_return co_await on_pool(pool_, unit::statements(), until, std::move(work));
}

task<result<std::vector<connection_record>>> postgresql_store::find_connections_of_account(open_id account,
                                                                                           deadline until) {
    auto work = [&account](connection& at) { return postgresql::find_connections_of_account(at, account); };
    co_return co_await on_pool(pool_, unit::statements(), until, std::move(work));
}

task<result<page_of<connection_record>>> postgresql_store::list_connections(std::vector<std::string> patterns,
                                                                            std::string cursor,
                                                                            std::uint32_t limit,
                                                                            deadline until) {
    auto work = [&patterns, &cursor, &limit](connection& at) {
        return postgresql::list_connections(at, patterns, cursor, limit);
    };
    co_return co_await on_pool(pool_, unit::statements(), until, std::move(work));
}

task<result<std::uint64_t>> postgresql_store::version_floor(deadline until) {
    auto work = [](connection& at) { return postgresql::version_floor(at); };
    co_return co_await on_pool(pool_, unit::statements(), until, std::move(work));
}

task<result<bool>> postgresql_store::put_connection(connection_record record, std::uint64_t expected_version,
                                                    deadline until) {
    auto work = [&record, &expected_version](connection& at) {
        return postgresql::put_connection(at, record, expected_version);
    };
    co_return co_await on_pool(pool_, unit::transaction_of(record.user), until, std::move(work));
}

task<result<bool>> postgresql_store::set_connection_state(user_id user, std::uint64_t version,
                                                          connection_state state, std::string cause,
                                                          wall_time now, deadline until) {
    auto work = [&user, &version, &state, &cause, &now](connection& at) {
        return postgresql::set_connection_state(at, user, version, state, cause, now);
    };
    co_return co_await on_pool(pool_, unit::statements(), until, std::move(work));
}

task<result<bool>> postgresql_store::revoke_connection(user_id user, std::string cause, wall_time now,
                                                       deadline until) {
    auto work = [&user, &cause, &now](connection& at) {
        return postgresql::revoke_connection(at, user, cause, now);
    };
    co_return co_await on_pool(pool_, unit::transaction_of(user), until, std::move(work));
}

task<result<bool>> postgresql_store::forget_connection(user_id user, deadline until) {
    auto work = [&user](connection& at) { return postgresql::forget_connection(at, user); };
    co_return co_await on_pool(pool_, unit::transaction_of(user), until, std::move(work));
}

task<result<std::vector<std::uint64_t>>> postgresql_store::count_connections_by_state(deadline until) {
    auto work = [](connection& at) { return postgresql::count_connections_by_state(at); };
    co_return co_await on_pool(pool_, unit::statements(), until, std::move(work));
}

task<result<std::vector<kept_tokens_record>>> postgresql_store::kept_tokens(user_id user, deadline until) {
    auto work = [&user](connection& at) { return postgresql::kept_tokens(at, user); };
    co_return co_await on_pool(pool_, unit::statements(), until, std::move(work));
}

task<result<std::optional<lease>>> postgresql_store::take_lease(user_id user, std::string owner,
                                                                milliseconds length, wall_time now,
                                                                deadline until) {
    auto work = [&user, &owner, &length, &now](connection& at) {
        return postgresql::take_lease(at, user, owner, length, now);
    };
    co_return co_await on_pool(pool_, unit::transaction_of(user), until, std::move(work));
}

task<result<done>> postgresql_store::release_lease(lease held, deadline until) {
    auto work = [&held](connection& at) { return postgresql::release_lease(at, held); };
    co_return co_await on_pool(pool_, unit::transaction_of(held.user), until, std::move(work));
}

task<result<refresh_begin>> postgresql_store::begin_refresh(lease held, std::uint64_t version, wall_time now,
                                                            deadline until) {
    auto work = [&held, &version, &now](connection& at) {
        return postgresql::begin_refresh(at, held, version, now);
    };
    co_return co_await on_pool(pool_, unit::transaction_of(held.user), until, std::move(work));
}

task<result<refresh_end>> postgresql_store::finish_refresh(lease held, connection_record record,
                                                           std::uint64_t expected_version, deadline until) {
    auto work = [&held, &record, &expected_version](connection& at) {
        return postgresql::finish_refresh(at, held, record, expected_version);
    };
    co_return co_await on_pool(pool_, unit::transaction_of(held.user), until, std::move(work));
}

task<result<std::vector<refresh_intent>>> postgresql_store::open_refreshes(wall_time, deadline until) {
    auto work = [](connection& at) { return postgresql::open_refreshes(at); };
    co_return co_await on_pool(pool_, unit::statements(), until, std::move(work));
}

task<result<done>> postgresql_store::close_refresh(lease held, deadline until) {
    auto work = [&held](connection& at) { return postgresql::close_refresh(at, held); };
    co_return co_await on_pool(pool_, unit::transaction_of(held.user), until, std::move(work));
}

task<result<done>> postgresql_store::put_oauth_state(oauth_state_record record, deadline until) {
    auto work = [&record](connection& at) { return postgresql::put_oauth_state(at, record); };
    co_return co_await on_pool(pool_, unit::statements(), until, std::move(work));
}

task<result<std::optional<oauth_state_record>>> postgresql_store::take_oauth_state(std::string state_hash,
                                                                                   wall_time now,
                                                                                   deadline until) {
    auto work = [&state_hash, &now](connection& at) {
        return postgresql::take_oauth_state(at, state_hash, now);
    };
    co_return co_await on_pool(pool_, unit::statements(), until, std::move(work));
}

task<result<bool>> postgresql_store::begin_post(post_record record, deadline until) {
    auto work = [&record, this](connection& at) { return postgresql::begin_post(at, record, owner_); };
    co_return co_await on_pool(pool_, unit::statements(), until, std::move(work));
}

/// Durable at once in both cases: the server groups its commits by itself.
task<result<bool>> postgresql_store::change_post(const post_record& record, deadline until,
                                                 durable /*when*/) {
    auto work = [&record, this](connection& at) { return postgresql::update_post(at, record, owner_); };
    co_return co_await on_pool(pool_, unit::statements(), until, std::move(work));
}

task<result<told_end>> postgresql_store::tell_post_status(told_status told, deadline until) {
    auto work = [&told](connection& at) { return postgresql::tell_post_status(at, told); };
    co_return co_await on_pool(pool_, unit::transaction(), until, std::move(work));
}

task<result<shared_post>> postgresql_store::find_post(const user_id& user, const publish_id& id,
                                                      deadline until) {
    auto work = [&user, &id](connection& at) { return postgresql::find_post(at, user, id); };
    auto found = co_await on_pool(pool_, unit::statements(), until, std::move(work));
    if (!found) co_return found.error();
    co_return shared(std::move(*found));
}

task<result<page_of<post_record>>> postgresql_store::list_posts(user_id user, std::string cursor,
                                                                std::uint32_t limit, deadline until) {
    auto work = [&user, &cursor, &limit](connection& at) {
        return postgresql::list_posts(at, user, cursor, limit);
    };
    co_return co_await on_pool(pool_, unit::statements(), until, std::move(work));
}

task<result<std::optional<post_record>>> postgresql_store::find_post_by_id(publish_id id, deadline until) {
    auto work = [&id](connection& at) { return postgresql::find_post_by_id(at, id); };
    co_return co_await on_pool(pool_, unit::statements(), until, std::move(work));
}

task<result<std::string>> postgresql_store::claim_draft(user_id user, publish_id draft, std::string attempt,
                                                        deadline until) {
    auto work = [&user, &draft, &attempt](connection& at) {
        return postgresql::claim_draft(at, user, draft, attempt);
    };
    co_return co_await on_pool(pool_, unit::statements(), until, std::move(work));
}

task<result<done>> postgresql_store::release_draft(user_id user, publish_id draft, std::string attempt,
                                                   deadline until) {
    auto work = [&user, &draft, &attempt](connection& at) {
        return postgresql::release_draft(at, user, draft, attempt);
    };
    co_return co_await on_pool(pool_, unit::statements(), until, std::move(work));
}

task<result<std::optional<post_record>>> postgresql_store::find_attempt(std::string attempt, deadline until) {
    auto work = [&attempt](connection& at) { return postgresql::find_attempt(at, attempt); };
    co_return co_await on_pool(pool_, unit::statements(), until, std::move(work));
}

task<result<std::vector<post_record>>> postgresql_store::posts_since(wall_time since, deadline until) {
    auto work = [since](connection& at) { return postgresql::posts_since(at, since); };
    co_return co_await on_pool(pool_, unit::statements(), until, std::move(work));
}

task<result<std::vector<post_record>>> postgresql_store::abandoned_posts(std::uint32_t limit,
                                                                         deadline until) {
    const std::string heir = new_ulid(wall_now());
    auto work = [this, &heir, limit](connection& at) {
        return postgresql::abandoned_posts(at, heir, limits_.silent_max, limit);
    };
    co_return co_await on_pool(pool_, unit::transaction_with(settlement_lock), until, std::move(work));
}

task<result<std::vector<abandoned_key>>> postgresql_store::abandoned_keys(std::uint32_t limit,
                                                                          deadline until) {
    const std::string heir = new_ulid(wall_now());
    auto work = [this, &heir, limit](connection& at) {
        return postgresql::abandoned_keys(at, heir, limits_.silent_max, limit);
    };
    co_return co_await on_pool(pool_, unit::transaction_with(settlement_lock), until, std::move(work));
}

task<result<std::optional<idempotency_record>>> postgresql_store::try_claim(const idempotency_record& record,
                                                                            wall_time now, deadline until,
                                                                            bool& may_be_ours) {
    auto work = [&record, &now, &may_be_ours, this](connection& at) {
        may_be_ours = true;
        return postgresql::claim_key(at, record, owner_, now);
    };
    co_return co_await on_pool(pool_, unit::statements(), until, std::move(work));
}

task<result<bool>> postgresql_store::end_key(const idempotency_record& record, bool finished,
                                             deadline until) {
    auto work = [&record, finished, this](connection& at) {
        return finished ? postgresql::finish_key(at, record, owner_)
                        : postgresql::forget_key(at, record, owner_);
    };
    co_return co_await on_pool(pool_, unit::statements(), until, std::move(work));
}

task<result<done>> postgresql_store::put_file(file_record record, deadline until) {
    auto work = [&record](connection& at) { return postgresql::put_file(at, record); };
    co_return co_await on_pool(pool_, unit::statements(), until, std::move(work));
}

task<result<std::optional<file_record>>> postgresql_store::find_file(file_id id, deadline until) {
    auto work = [&id](connection& at) { return postgresql::find_file(at, id); };
    co_return co_await on_pool(pool_, unit::statements(), until, std::move(work));
}

task<result<bool>> postgresql_store::forget_file(file_id id, deadline until) {
    auto work = [&id](connection& at) { return postgresql::forget_file(at, id); };
    co_return co_await on_pool(pool_, unit::statements(), until, std::move(work));
}

task<result<std::vector<file_record>>> postgresql_store::expired_files(wall_time now, std::uint32_t limit,
                                                                       deadline until) {
    auto work = [&now, &limit](connection& at) { return postgresql::expired_files(at, now, limit); };
    co_return co_await on_pool(pool_, unit::statements(), until, std::move(work));
}

task<result<std::uint64_t>> postgresql_store::stored_file_bytes(deadline until) {
    auto work = [](connection& at) { return postgresql::stored_file_bytes(at); };
    co_return co_await on_pool(pool_, unit::statements(), until, std::move(work));
}

task<result<std::optional<std::string>>> postgresql_store::find_meta(std::string name, deadline until) {
    auto work = [&name](connection& at) { return postgresql::find_meta(at, name); };
    co_return co_await on_pool(pool_, unit::statements(), until, std::move(work));
}

task<result<done>> postgresql_store::put_meta(std::string name, std::string value, deadline until) {
    auto work = [&name, &value](connection& at) { return postgresql::put_meta(at, name, value); };
    co_return co_await on_pool(pool_, unit::statements(), until, std::move(work));
}

task<result<done>> postgresql_store::forget_meta(std::string name, deadline until) {
    auto work = [&name](connection& at) { return postgresql::forget_meta(at, name); };
    co_return co_await on_pool(pool_, unit::statements(), until, std::move(work));
}

task<result<std::vector<std::pair<std::string, std::string>>>> postgresql_store::list_meta(
    std::string name_prefix, deadline until) {
    auto work = [&name_prefix](connection& at) { return postgresql::list_meta(at, name_prefix); };
    co_return co_await on_pool(pool_, unit::statements(), until, std::move(work));
}

task<result<std::uint64_t>> postgresql_store::count_sealed_with(std::string prefix, deadline until) {
    auto work = [&prefix](connection& at) { return postgresql::count_sealed_with(at, prefix); };
    co_return co_await on_pool(pool_, unit::statements(), until, std::move(work));
}

task<result<page_of<sealed_pair_record>>> postgresql_store::list_sealed_with(std::string prefix,
                                                                             std::string cursor,
                                                                             std::uint32_t limit,
                                                                             deadline until) {
    auto work = [&prefix, &cursor, limit](connection& at) {
        return postgresql::list_sealed_with(at, prefix, cursor, limit);
    };
    co_return co_await on_pool(pool_, unit::statements(), until, std::move(work));
}

task<result<std::uint64_t>> postgresql_store::replace_sealed(std::vector<resealed_pair> pairs,
                                                             deadline until) {
    auto work = [&pairs](connection& at) { return postgresql::replace_sealed(at, pairs); };
    co_return co_await on_pool(pool_, unit::transaction(), until, std::move(work));
}

task<result<std::uint64_t>> postgresql_store::add_to_counter(std::string name, std::uint64_t by,
                                                             deadline until) {
    auto work = [&name, by](connection& at) { return postgresql::add_to_counter(at, name, by); };
    co_return co_await on_pool(pool_, unit::statements(), until, std::move(work));
}

task<result<done>> postgresql_store::sweep(wall_time now, deadline until) {
    auto work = [&now](connection& at) { return postgresql::sweep(at, now); };
    co_return co_await on_pool(pool_, unit::statements(), until, std::move(work));
}

task<result<done>> postgresql_store::ping(deadline until) {
    const auto began = steady_now();
    auto work = [this](connection& at) { return postgresql::be_alive(at, owner_, limits_.silent_max); };
    const auto count = co_await on_pool(pool_, unit::statements(), until, std::move(work));
    if (!count) co_return count.error();
    note_beat(began, *count);
    co_return done{};
}

} // namespace

result<std::unique_ptr<store>> open_postgresql(const std::string& url, store_limits limits) {
    auto address = read_postgresql_url(url);
    if (!address) return address.error();
    auto opened = std::make_unique<postgresql_store>(std::move(*address), limits);
    if (auto wrong = opened->begin(); !wrong.empty()) return failure{errc::vault_unavailable, wrong};
    return std::unique_ptr<store>{std::move(opened)};
}

} // namespace gateway::store
