#include "deterministic/refresh_judge.hpp"

#include "deterministic/replica.hpp"
#include "store/connection_causes.hpp"
#include "tokens/refresh_policy.hpp"
#include "vault/sealing.hpp"
#include "vault/token_text.hpp"

#include <stdexcept>
#include <utility>

namespace gateway::simulation {
namespace {

using store::connection_state;

constexpr seconds time_to_store{
    320}; // for a received pair: store_patience of refresh_flight.cpp, and some more

} // namespace

user_id name_of_user(std::size_t number) {
    return user_id::trusted("u" + std::to_string(number));
}

std::size_t number_of_user(const user_id& user) {
    return std::stoul(user.text().substr(1));
}

refresh_judge::refresh_judge(world& in, token_history& history, simulated_database& at,
                             const std::deque<life>& lives, std::size_t users)
    : world_(in), history_(history), at_(at), lives_(lives), keys_(simulated_keys()) {
    for (std::size_t i = 0; i < users; ++i)
        users_.push_back({name_of_user(i)});
    at_.on_change = [this](const user_id& user) { changed(user); };
}

std::optional<store::connection_record> find_connection(simulated_database& at, const user_id& user) {
    const store::statement ask{
        "SELECT version, state, cause, sealed_tokens, app FROM connections WHERE user_id = $1", user};
    auto found = at.ask(ask);
    store::connection_record out;
    out.user = user;
    if (!found.next(out.version, out.state, out.cause, out.sealed_tokens, out.app)) return std::nullopt;
    return out;
}

void refresh_judge::changed(const user_id& user) {
    auto& story = users_[number_of_user(user)];
    const auto record = find_connection(at_, user);
    if (!record || record->sealed_tokens == story.sealed) return; // deleted, or only its state has changed
    story.sealed = record->sealed_tokens;
    if (record->state == connection_state::revoked)
        story.revoked = true;
    else
        stored(*record);
}

void refresh_judge::complain(std::string what, const user_story& about) {
    const auto& held = history_.pair(about.held);
    const auto& newest = history_.pair(history_.newest_of_grant(held.grant));
    world_.violation(std::move(what) + " (" + about.id.text() + ", holds " + held.refresh + ", newest "
                     + newest.refresh + ")");
}

std::size_t refresh_judge::pair_in(const store::connection_record& record) const {
    const auto name = vault::record_name{"tokens", record.user.text(), record.version, record.app};
    const auto plain = vault::open(keys_, name, record.sealed_tokens);
    if (!plain) throw std::logic_error("a pair that does not open");
    const auto text = vault::read_token_text(plain->reveal());
    // By its access token, because without rotation the refresh token is always the same.
    return history_.of_access_token(std::string(text->access_token.reveal())).value();
}

void refresh_judge::stored(const store::connection_record& record) {
    auto& story = users_[number_of_user(record.user)];
    const auto number = pair_in(record);
    const auto& pair = history_.pair(number);
    const bool by_refresh =
        number != history_.first_of_grant(pair.grant); // the first pair comes from a login
    world_.note(by_refresh ? "stored" : "granted", pair.refresh, record.version);
    if (pair.user != number_of_user(record.user)) complain("T10: somebody else's pair was stored", story);
    if (record.version <= story.version) complain("V05: a version was used twice", story);
    if (by_refresh) {
        ++refreshes_;
        if (story.revoked) complain("T19: a refresh brought a revoked user back", story);
        if (pair.grant != history_.pair(story.held).grant)
            complain("T21: a refresh took the place of another grant", story);
        else if (number <= story.held)
            complain("T13: a stale pair took the place of a newer one", story);
    } else {
        story.revoked = false;
    }
    story.held = number;
    story.version = record.version;
    if (ever_stored_.size() <= number) ever_stored_.resize(number + 64);
    ever_stored_[number] = true;
}

void refresh_judge::told_of_grant(std::size_t pair) {
    if (pair >= ever_stored_.size() || !ever_stored_[pair])
        complain("a login was told good and never stored", users_[history_.pair(pair).user]);
}

/// The newest pair is not in the vault: whether that was unavoidable.
bool refresh_judge::could_not_be_stored(const issued_pair& newest) const {
    if (!newest.received_at) return true; // the answer was lost
    const auto& by = lives_.at(newest.received_by);
    const auto end = *newest.received_at + time_to_store;
    if (by.over && by.ended_at <= end) return true; // T05
    return by.stood_still_between(newest.asked_at - lease_and_more,
                                  end); // T13; an outage must not lose a pair
}

bool refresh_judge::is_lost(user_story& story) {
    const auto record = find_connection(at_, story.id);
    if (!record) {
        complain("a user is gone", story);
        return false;
    }
    if (story.revoked) {
        if (record->state != connection_state::revoked || !record->sealed_tokens.empty())
            complain("T19: a revoked user is not revoked any more", story);
        return false;
    }
    if (record->sealed_tokens != story.sealed)
        complain("a pair was stored, and no other replica was notified", story);
    if (history_.was_taken_back(history_.pair(story.held).grant))
        return false; // whether it was detected depends on its use
    if (history_.would_refresh(story.held)) {
        if (record->state != connection_state::connected)
            complain("T14: given up (" + record->cause + "), and TikTok takes the pair", story);
        return false;
    }
    const auto& newest = history_.pair(history_.newest_of_grant(history_.pair(story.held).grant));
    // The pair was stored, and then a paused replica sent the previous one.
    const bool ended_by_a_late_request =
        history_.how() == rotation::strict_family && newest.refresh == history_.pair(story.held).refresh;
    if (history_.how() == rotation::none || history_.how() == rotation::grace)
        complain("T04: lost by a TikTok that forgives", story);
    if (record->state != connection_state::reconnect_required)
        complain("T04: lost, and nobody is told: " + std::string(name_of(record->state)), story);
    else if (record->cause != store::cause::rotation_response_lost && !newest.after_5xx
             && !ended_by_a_late_request)
        complain("T04: lost, and the cause is told as " + record->cause, story);
    if (!could_not_be_stored(newest)) complain("T05: lost, though the new pair arrived in peace", story);
    return true;
}

std::uint64_t refresh_judge::settle() {
    std::uint64_t lost = 0;
    for (auto& story : users_)
        lost += is_lost(story) ? 1U : 0U;
    const store::statement open{
        "SELECT user_id, version, started_at FROM refresh_intents i WHERE NOT EXISTS "
        "(SELECT 1 FROM leases l WHERE l.user_id = i.user_id AND l.expires_at > now_ms())"};
    store::refresh_intent left;
    for (auto all = at_.ask(open); all.next(left.user, left.version, left.started_at);)
        complain("T02: an intent is open when all is quiet, of version " + std::to_string(left.version)
                     + " since " + std::to_string((wall_now() - left.started_at).count()) + " ms",
                 users_[number_of_user(left.user)]);
    return lost;
}

} // namespace gateway::simulation
