#include "store/postgresql/operations.hpp"
#include "store/sealed_walk.hpp"

namespace gateway::store::postgresql {
namespace {

task<page_of<sealed_pair_record>> list_newest(connection& at, const std::string& prefix,
                                              const sealed_cursor& after, std::uint32_t limit) {
    statement ask{
        "SELECT user_id, version, sealed_tokens FROM connections WHERE user_id > $1 "
        "ORDER BY user_id LIMIT $2"};
    ask.text(after.user()).number(std::uint64_t{limit});
    auto found = co_await at.run(ask);
    sealed_page out(prefix, limit);
    while (found.next()) {
        auto user = found.next_text();
        const auto version = found.next_count();
        out.add_newest(std::move(user), version, found.next_text());
    }
    co_return out.end_of_newest();
}

task<page_of<sealed_pair_record>> list_kept(connection& at, const std::string& prefix,
                                            const sealed_cursor& after, std::uint32_t limit) {
    statement ask{
        "SELECT number, user_id, version, sealed_tokens FROM kept_tokens WHERE number > $1 "
        "ORDER BY number LIMIT $2"};
    ask.number(after.number()).number(std::uint64_t{limit});
    auto found = co_await at.run(ask);
    sealed_page out(prefix, limit);
    while (found.next()) {
        const auto number = found.next_number();
        auto user = found.next_text();
        const auto version = found.next_count();
        out.add_kept(number, std::move(user), version, found.next_text());
    }
    co_return out.end_of_kept();
}

} // namespace

task<std::uint64_t> count_sealed_with(connection& at, const std::string& prefix) {
    statement ask{
        "SELECT (SELECT count(*) FROM connections WHERE substr(sealed_tokens, 1, $1::int) = $2) + "
        "(SELECT count(*) FROM kept_tokens WHERE substr(sealed_tokens, 1, $1::int) = $2) + "
        "(SELECT count(*) FROM oauth_states WHERE substr(sealed_verifier, 1, $1::int) = $2)"};
    ask.number(static_cast<std::uint64_t>(prefix.size())).blob(prefix);
    auto found = co_await at.run(ask);
    co_return found.next() ? found.next_count() : 0;
}

task<page_of<sealed_pair_record>> list_sealed_with(connection& at, const std::string& prefix,
                                                   const std::string& cursor, std::uint32_t limit) {
    const sealed_cursor after(cursor);
    if (after.among_kept()) co_return co_await list_kept(at, prefix, after, limit);
    co_return co_await list_newest(at, prefix, after, limit);
}

task<std::uint64_t> replace_sealed(connection& at, const std::vector<resealed_pair>& pairs) {
    std::uint64_t found = 0;
    for (const auto& one : pairs) {
        // A pair that a refresh is just moving from the first table to the second waits for that transaction
        // and is then in neither place as it was; whoever counts afterwards meets it again.
        statement change{
            "WITH newest AS (UPDATE connections SET sealed_tokens = $1 WHERE user_id = $2 AND version = $3 "
            "AND sealed_tokens = $4 RETURNING 1), kept AS (UPDATE kept_tokens SET sealed_tokens = $1 "
            "WHERE user_id = $2 AND version = $3 AND sealed_tokens = $4 RETURNING 1) "
            "SELECT (SELECT count(*) FROM newest) + (SELECT count(*) FROM kept)"};
        change.blob(one.sealed_anew)
            .text(one.seen.user.text())
            .number(one.seen.version)
            .blob(one.seen.sealed_tokens);
        auto changed = co_await at.run(change);
        if (changed.next()) found += changed.next_count();
    }
    co_return found;
}

} // namespace gateway::store::postgresql
