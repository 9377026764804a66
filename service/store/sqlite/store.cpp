#include "store/sqlite/store.hpp"

#include "store/chores.hpp"
#include "store/late_store.hpp"
#include "store/sqlite/line.hpp"
#include "store/sqlite/operations.hpp"
#include "store/sqlite/post_memory.hpp"
#include "store/wait_for.hpp"

namespace gateway::store {
namespace {

constexpr milliseconds late_try_max{10'000};
constexpr milliseconds late_writes_within{1'500}; // at the end of the store

/// Each call is a job of the same name in sqlite_operations; its arguments live in this coroutine's frame
/// until the job has ended.
class sqlite_store final : public late_store {
public:
    sqlite_store(std::unique_ptr<sqlite_database> at, std::size_t waiting_max)
        : late_store(milliseconds{0}, late_try_max), line_(std::move(at), waiting_max) {
        chores_.emplace(keep_writing_late());
    }
    ~sqlite_store() override {
        static_cast<void>(wait_for(wait_until_written(deadline::in(steady_now(), late_writes_within))));
    }

    health how_it_is() const override { return line_.how_it_is(); }
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
    std::optional<shared_post> post_at_hand(const user_id& user, const publish_id& id) override;
    void expect_post(const user_id& user) override { posts_.expect(user); }
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
    task<result<bool>> change_post(const post_record& record, deadline until, durable when) override;
    task<result<bool>> end_key(const idempotency_record& record, bool finished, deadline until) override;
    task<result<std::optional<idempotency_record>>> try_claim(const idempotency_record& record, wall_time now,
                                                              deadline until, bool& may_be_ours) override;

    post_memory posts_;
    sqlite_line line_;
    std::optional<chores> chores_; // ends before what it works with
};

task<result<std::optional<connection_record>>> sqlite_store::find_connection(user_id user, deadline until) {
    auto work = [&user](sqlite_database& at) { return sqlite::find_connection(at, user); };
    co_return co_await on_line(line_, effect::reads, until, std::move(work));
}

task<result<std::vector<connection_record>>> sqlite_store::find_connections_of_account(open_id account,
                                                                                       deadline until) {
    auto work = [&account](sqlite_database& at) { return sqlite::find_connections_of_account(at, account); };
    co_return co_await on_line(line_, effect::reads, until, std::move(work));
}

task<result<page_of<connection_record>>> sqlite_store::list_connections(std::vector<std::string> patterns,
                                                                        std::string cursor,
                                                                        std::uint32_t limit, deadline until) {
    auto work = [&patterns, &cursor, &limit](sqlite_database& at) {
        return sqlite::list_connections(at, patterns, cursor, limit);
    };
    co_return co_await on_line(line_, effect::reads, until, std::move(work));
}

task<result<std::uint64_t>> sqlite_store::version_floor(deadline until) {
    auto work = [](sqlite_database& at) { return sqlite::version_floor(at); };
    co_return co_await on_line(line_, effect::reads, until, std::move(work));
}

task<result<bool>> sqlite_store::put_connection(connection_record record, std::uint64_t expected_version,
                                                deadline until) {
    auto work = [&record, &expected_version](sqlite_database& at) {
        return sqlite::put_connection(at, record, expected_version);
    };
    co_return co_await on_line(line_, effect::writes, until, std::move(work));
}

task<result<bool>> sqlite_store::set_connection_state(user_id user, std::uint64_t version,
                                                      connection_state state, std::string cause,
                                                      wall_time now, deadline until) {
    auto work = [&user, &version, &state, &cause, &now](sqlite_database& at) {
        return sqlite::set_connection_state(at, user, version, state, cause, now);
    };
    co_return co_await on_line(line_, effect::writes, until, std::move(work));
}

task<result<bool>> sqlite_store::revoke_connection(user_id user, std::string cause, wall_time now,
                                                   deadline until) {
    auto work = [&user, &cause, &now](sqlite_database& at) {
        return sqlite::revoke_connection(at, user, cause, now);
    };
    co_return co_await on_line(line_, effect::writes, until, std::move(work));
}

task<result<bool>> sqlite_store::forget_connection(user_id user, deadline until) {
    auto work = [&user](sqlite_database& at) { return sqlite::forget_connection(at, user); };
    co_return co_await on_line(line_, effect::writes, until, std::move(work));
}

task<result<std::vector<std::uint64_t>>> sqlite_store::count_connections_by_state(deadline until) {
    auto work = [](sqlite_database& at) { return sqlite::count_connections_by_state(at); };
    co_return co_await on_line(line_, effect::reads, until, std::move(work));
}

task<result<std::vector<kept_tokens_record>>> sqlite_store::kept_tokens(user_id user, deadline until) {
    auto work = [&user](sqlite_database& at) { return sqlite::kept_tokens(at, user); };
    co_return co_await on_line(line_, effect::reads, until, std::move(work));
}

task<result<std::optional<lease>>> sqlite_store::take_lease(user_id user, std::string owner,
                                                            milliseconds length, wall_time now,
                                                            deadline until) {
    auto work = [&user, &owner, &length, &now](sqlite_database& at) {
        return sqlite::take_lease(at, user, owner, length, now);
    };
    co_return co_await on_line(line_, effect::writes, until, std::move(work));
}

task<result<done>> sqlite_store::release_lease(lease held, deadline until) {
    auto work = [&held](sqlite_database& at) {
        sqlite::release_lease(at, held);
        return done{};
    };
    co_return co_await on_line(line_, effect::writes, until, std::move(work));
}

task<result<refresh_begin>> sqlite_store::begin_refresh(lease held, std::uint64_t version, wall_time now,
                                                        deadline until) {
    auto work = [&held, &version, &now](sqlite_database& at) {
        return sqlite::begin_refresh(at, held, version, now);
    };
    co_return co_await on_line(line_, effect::writes, until, std::move(work));
}

task<result<refresh_end>> sqlite_store::finish_refresh(lease held, connection_record record,
                                                       std::uint64_t expected_version, deadline until) {
    auto work = [&held, &record, &expected_version](sqlite_database& at) {
        return sqlite::finish_refresh(at, held, record, expected_version);
    };
    co_return co_await on_line(line_, effect::writes, until, std::move(work));
}

task<result<std::vector<refresh_intent>>> sqlite_store::open_refreshes(wall_time now, deadline until) {
    auto work = [now](sqlite_database& at) { return sqlite::open_refreshes(at, now); };
    co_return co_await on_line(line_, effect::reads, until, std::move(work));
}

task<result<done>> sqlite_store::close_refresh(lease held, deadline until) {
    auto work = [&held](sqlite_database& at) {
        sqlite::close_refresh(at, held);
        return done{};
    };
    co_return co_await on_line(line_, effect::writes, until, std::move(work));
}

task<result<done>> sqlite_store::put_oauth_state(oauth_state_record record, deadline until) {
    auto work = [&record](sqlite_database& at) {
        sqlite::put_oauth_state(at, record);
        return done{};
    };
    co_return co_await on_line(line_, effect::writes, until, std::move(work));
}

task<result<std::optional<oauth_state_record>>> sqlite_store::take_oauth_state(std::string state_hash,
                                                                               wall_time now,
                                                                               deadline until) {
    auto work = [&state_hash, &now](sqlite_database& at) {
        return sqlite::take_oauth_state(at, state_hash, now);
    };
    co_return co_await on_line(line_, effect::writes, until, std::move(work));
}

task<result<bool>> sqlite_store::begin_post(post_record record, deadline until) {
    const post_memory::changing changing(posts_, record.user);
    auto work = [&record](sqlite_database& at) { return sqlite::begin_post(at, record); };
    co_return co_await on_line(line_, effect::writes, until, std::move(work));
}

task<result<bool>> sqlite_store::change_post(const post_record& record, deadline until, durable when) {
    const post_memory::changing changing(posts_, record.user);
    auto work = [&record](sqlite_database& at) { return sqlite::update_post(at, record); };
    const auto what = when == durable::now ? effect::writes : effect::writes_with_the_next;
    co_return co_await on_line(line_, what, until, std::move(work));
}

task<result<told_end>> sqlite_store::tell_post_status(told_status told, deadline until) {
    const post_memory::changing changing(posts_, told.user);
    auto work = [&told](sqlite_database& at) { return sqlite::tell_post_status(at, told); };
    co_return co_await on_line(line_, effect::writes, until, std::move(work));
}

std::optional<shared_post> sqlite_store::post_at_hand(const user_id& user, const publish_id& id) {
    if (line_.how_it_is().now == condition::beyond_help) return std::nullopt;
    return posts_.find(user, id);
}

task<result<shared_post>> sqlite_store::find_post(const user_id& user, const publish_id& id, deadline until) {
    if (auto known = post_at_hand(user, id)) co_return std::move(*known);
    const auto noted = posts_.now(user);
    auto work = [&user, &id](sqlite_database& at) { return sqlite::find_post(at, user, id); };
    auto found = co_await on_line(line_, effect::reads, until, std::move(work));
    if (!found) co_return found.error();
    auto row = shared(std::move(*found));
    posts_.put(user, id, row, noted);
    co_return row;
}

task<result<page_of<post_record>>> sqlite_store::list_posts(user_id user, std::string cursor,
                                                            std::uint32_t limit, deadline until) {
    auto work = [&user, &cursor, &limit](sqlite_database& at) {
        return sqlite::list_posts(at, user, cursor, limit);
    };
    co_return co_await on_line(line_, effect::reads, until, std::move(work));
}

task<result<std::optional<post_record>>> sqlite_store::find_post_by_id(publish_id id, deadline until) {
    auto work = [&id](sqlite_database& at) { return sqlite::find_post_by_id(at, id); };
    co_return co_await on_line(line_, effect::reads, until, std::move(work));
}

task<result<std::string>> sqlite_store::claim_draft(user_id user, publish_id draft, std::string attempt,
                                                    deadline until) {
    auto work = [&user, &draft, &attempt](sqlite_database& at) {
        return sqlite::claim_draft(at, user, draft, attempt);
    };
    co_return co_await on_line(line_, effect::writes, until, std::move(work));
}

task<result<done>> sqlite_store::release_draft(user_id user, publish_id draft, std::string attempt,
                                               deadline until) {
    auto work = [&user, &draft, &attempt](sqlite_database& at) {
        sqlite::release_draft(at, user, draft, attempt);
        return done{};
    };
    co_return co_await on_line(line_, effect::writes, until, std::move(work));
}

task<result<std::optional<post_record>>> sqlite_store::find_attempt(std::string attempt, deadline until) {
    auto work = [&attempt](sqlite_database& at) { return sqlite::find_attempt(at, attempt); };
    co_return co_await on_line(line_, effect::reads, until, std::move(work));
}

task<result<std::vector<post_record>>> sqlite_store::posts_since(wall_time since, deadline until) {
    auto work = [since](sqlite_database& at) { return sqlite::posts_since(at, since); };
    co_return co_await on_line(line_, effect::reads, until, std::move(work));
}

task<result<std::vector<post_record>>> sqlite_store::abandoned_posts(std::uint32_t limit, deadline until) {
    auto work = [limit](sqlite_database& at) { return sqlite::abandoned_posts(at, limit); };
    co_return co_await on_line(line_, effect::reads, until, std::move(work));
}

task<result<std::vector<abandoned_key>>> sqlite_store::abandoned_keys(std::uint32_t limit, deadline until) {
    auto work = [limit](sqlite_database& at) { return sqlite::abandoned_keys(at, limit); };
    co_return co_await on_line(line_, effect::reads, until, std::move(work));
}

/// What failed here is not written: SQLite says at once.
task<result<std::optional<idempotency_record>>> sqlite_store::try_claim(const idempotency_record& record,
                                                                        wall_time now, deadline until,
                                                                        bool& /*may_be_ours*/) {
    auto work = [&record, &now](sqlite_database& at) { return sqlite::claim_key(at, record, now); };
    co_return co_await on_line(line_, effect::writes_with_the_next, until, std::move(work));
}

task<result<bool>> sqlite_store::end_key(const idempotency_record& record, bool finished, deadline until) {
    auto work = [&record, finished](sqlite_database& at) {
        return finished ? sqlite::finish_key(at, record) : sqlite::forget_key(at, record);
    };
    co_return co_await on_line(line_, effect::writes, until, std::move(work));
}

task<result<done>> sqlite_store::put_file(file_record record, deadline until) {
    auto work = [&record](sqlite_database& at) {
        sqlite::put_file(at, record);
        return done{};
    };
    co_return co_await on_line(line_, effect::writes, until, std::move(work));
}

task<result<std::optional<file_record>>> sqlite_store::find_file(file_id id, deadline until) {
    auto work = [&id](sqlite_database& at) { return sqlite::find_file(at, id); };
    co_return co_await on_line(line_, effect::reads, until, std::move(work));
}

task<result<bool>> sqlite_store::forget_file(file_id id, deadline until) {
    auto work = [&id](sqlite_database& at) { return sqlite::forget_file(at, id); };
    co_return co_await on_line(line_, effect::writes, until, std::move(work));
}

task<result<std::vector<file_record>>> sqlite_store::expired_files(wall_time now, std::uint32_t limit,
                                                                   deadline until) {
    auto work = [&now, &limit](sqlite_database& at) { return sqlite::expired_files(at, now, limit); };
    co_return co_await on_line(line_, effect::reads, until, std::move(work));
}

task<result<std::uint64_t>> sqlite_store::stored_file_bytes(deadline until) {
    auto work = [](sqlite_database& at) { return sqlite::stored_file_bytes(at); };
    co_return co_await on_line(line_, effect::reads, until, std::move(work));
}

task<result<std::optional<std::string>>> sqlite_store::find_meta(std::string name, deadline until) {
    auto work = [&name](sqlite_database& at) { return sqlite::find_meta(at, name); };
    co_return co_await on_line(line_, effect::reads, until, std::move(work));
}

task<result<done>> sqlite_store::put_meta(std::string name, std::string value, deadline until) {
    auto work = [&name, &value](sqlite_database& at) {
        sqlite::put_meta(at, name, value);
        return done{};
    };
    co_return co_await on_line(line_, effect::writes, until, std::move(work));
}

task<result<done>> sqlite_store::forget_meta(std::string name, deadline until) {
    auto work = [&name](sqlite_database& at) {
        sqlite::forget_meta(at, name);
        return done{};
    };
    co_return co_await on_line(line_, effect::writes, until, std::move(work));
}

task<result<std::vector<std::pair<std::string, std::string>>>> sqlite_store::list_meta(
    std::string name_prefix, deadline until) {
    auto work = [&name_prefix](sqlite_database& at) { return sqlite::list_meta(at, name_prefix); };
    co_return co_await on_line(line_, effect::reads, until, std::move(work));
}

task<result<std::uint64_t>> sqlite_store::count_sealed_with(std::string prefix, deadline until) {
    auto work = [&prefix](sqlite_database& at) { return sqlite::count_sealed_with(at, prefix); };
    co_return co_await on_line(line_, effect::reads, until, std::move(work));
}

task<result<page_of<sealed_pair_record>>> sqlite_store::list_sealed_with(std::string prefix,
                                                                         std::string cursor,
                                                                         std::uint32_t limit,
                                                                         deadline until) {
    auto work = [&prefix, &cursor, &limit](sqlite_database& at) {
        return sqlite::list_sealed_with(at, prefix, cursor, limit);
    };
    co_return co_await on_line(line_, effect::reads, until, std::move(work));
}

task<result<std::uint64_t>> sqlite_store::replace_sealed(std::vector<resealed_pair> pairs, deadline until) {
    auto work = [&pairs](sqlite_database& at) { return sqlite::replace_sealed(at, pairs); };
    co_return co_await on_line(line_, effect::writes, until, std::move(work));
}

task<result<std::uint64_t>> sqlite_store::add_to_counter(std::string name, std::uint64_t by, deadline until) {
    auto work = [&name, &by](sqlite_database& at) { return sqlite::add_to_counter(at, name, by); };
    co_return co_await on_line(line_, effect::writes, until, std::move(work));
}

task<result<done>> sqlite_store::sweep(wall_time now, deadline until) {
    auto work = [&now](sqlite_database& at) {
        sqlite::sweep(at, now);
        return done{};
    };
    co_return co_await on_line(line_, effect::writes, until, std::move(work));
}

task<result<done>> sqlite_store::ping(deadline until) {
    auto work = [](sqlite_database& at) {
        sqlite::ping(at);
        return done{};
    };
    co_return co_await on_line(line_, effect::writes, until, std::move(work));
}

} // namespace

result<std::unique_ptr<store>> open_sqlite(const std::string& path, std::size_t waiting_max) {
    auto opened = sqlite_database::open(path);
    if (!opened) return opened.error();
    return std::unique_ptr<store>{std::make_unique<sqlite_store>(std::move(*opened), waiting_max)};
}

} // namespace gateway::store
