#include "state/token_book.hpp"

#include "rules/names.hpp"

#include <algorithm>
#include <utility>

namespace gateway::simulator {

const authorization_code& token_book::add_code(authorization_code code) {
    code.text = new_authorization_code();
    const std::string key = code.text;
    return codes_.insert_or_assign(key, std::move(code)).first->second;
}

authorization_code* token_book::find_code(const std::string& text) {
    const auto found = codes_.find(text);
    return found == codes_.end() ? nullptr : &found->second;
}

token& token_book::add(bool refresh, std::size_t grant_number, wall_time valid_from, wall_time expires_at) {
    token made;
    made.text = refresh ? new_refresh_token() : new_access_token();
    made.id = (refresh ? "refresh-" : "access-") + std::to_string(++issued_);
    made.refresh = refresh;
    made.grant_number = grant_number;
    made.valid_from = valid_from;
    made.expires_at = expires_at;
    const std::string key = made.text;
    return tokens_.insert_or_assign(key, std::move(made)).first->second;
}

token_pair token_book::issue(const std::string& client_key, const std::string& username, string_list scopes,
                             std::int64_t expires_in_s, std::int64_t refresh_expires_in_s, wall_time now) {
    grants_.push_back({grants_.size(), client_key, username, std::move(scopes), false});
    const std::size_t number = grants_.back().number;
    const token& access = add(false, number, now, now + seconds{expires_in_s});
    const token& refresh = add(true, number, now, now + seconds{refresh_expires_in_s});
    return {access.text, expires_in_s, refresh.text, refresh_expires_in_s, number};
}

bool token_book::is_valid(const token& one, wall_time now) const {
    return !one.dead && one.valid_from <= now && now < one.expires_at && !grants_[one.grant_number].removed;
}

std::optional<token_pair> token_book::refresh(const std::string& client_key, const std::string& refresh_token,
                                              const switches& choice, const timing_settings& timing,
                                              wall_time now) {
    const auto found = tokens_.find(refresh_token);
    if (found == tokens_.end() || !found->second.refresh) return std::nullopt;
    token& old = found->second;
    const grant& consent = grants_[old.grant_number];
    if (consent.client_key != client_key) return std::nullopt;
    if (!is_valid(old, now)) {
        // A rotated token that is used again was stolen or replayed: the whole family is revoked.
        if (old.dead && choice.rotation == "strict_family") remove(old.grant_number);
        return std::nullopt;
    }
    const std::size_t number = old.grant_number;
    const wall_time from = choice.rotation == "lag" ? now + milliseconds{timing.lag_ms} : now;
    if (choice.old_access_token == "dies") {
        for (auto& [text, one] : tokens_) {
            if (!one.refresh && one.grant_number == number) one.dead = true;
        }
    }
    token_pair pair;
    pair.grant_number = number;
    pair.expires_in_s = timing.expires_in_s;
    pair.access_token = add(false, number, from, from + seconds{timing.expires_in_s}).text;
    if (choice.rotation == "none") {
        pair.refresh_token = old.text;
        pair.refresh_expires_in_s = std::chrono::duration_cast<seconds>(old.expires_at - now).count();
        return pair;
    }
    if (choice.rotation == "grace") {
        old.expires_at = std::min(old.expires_at, now + milliseconds{timing.grace_ms});
    } else {
        old.dead = true;
    }
    pair.refresh_token = add(true, number, from, from + seconds{timing.refresh_expires_in_s}).text;
    pair.refresh_expires_in_s = timing.refresh_expires_in_s;
    return pair;
}

const token* token_book::find(const std::string& text) const {
    const auto found = tokens_.find(text);
    return found == tokens_.end() ? nullptr : &found->second;
}

const grant* token_book::holder_of(const std::string& access_token, wall_time now) const {
    const token* one = find(access_token);
    return one && !one->refresh && is_valid(*one, now) ? &grants_[one->grant_number] : nullptr;
}

void token_book::remove(std::size_t grant_number) {
    grants_.at(grant_number).removed = true;
}

string_list token_book::remove_all(const std::string& username, const std::string& client_key) {
    string_list apps;
    for (grant& one : grants_) {
        if (one.removed || one.username != username) continue;
        if (!client_key.empty() && one.client_key != client_key) continue;
        one.removed = true;
        if (std::find(apps.begin(), apps.end(), one.client_key) == apps.end()) apps.push_back(one.client_key);
    }
    return apps;
}

std::size_t token_book::expire(const std::string& username, const std::string& kind, wall_time now) {
    std::size_t ended = 0;
    for (auto& [text, one] : tokens_) {
        if (grants_[one.grant_number].username != username || !is_valid(one, now)) continue;
        if (kind != "all" && (kind == "refresh") != one.refresh) continue;
        one.expires_at = now;
        ++ended;
    }
    return ended;
}

std::vector<const token*> token_book::valid(const std::string& username, bool refresh, wall_time now) const {
    std::vector<const token*> all;
    for (const auto& [text, one] : tokens_) {
        if (one.refresh == refresh && grants_[one.grant_number].username == username && is_valid(one, now)) {
            all.push_back(&one);
        }
    }
    return all;
}

} // namespace gateway::simulator
