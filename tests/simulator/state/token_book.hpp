// Authorizations at TikTok: codes, grants, tokens, and their rotation by a refresh (docs/tiktok-wire.md §1,
// W3-W5). Pure; time is an argument.
#pragma once
#include "base/clock.hpp"
#include "configure/settings.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace gateway::simulator {

/// One consent of one account to one app.
struct grant {
    std::size_t number = 0;
    std::string client_key;
    std::string username;
    string_list scopes;
    bool removed = false;
};

struct token {
    std::string text;
    std::string id; // its name in the history, which does not reveal it
    bool refresh = false;
    std::size_t grant_number = 0;
    wall_time valid_from;
    wall_time expires_at;
    bool dead = false;
};

struct authorization_code {
    std::string text;
    std::string client_key;
    std::string username;
    std::string redirect_uri;
    std::string code_challenge; // empty: none was sent
    string_list scopes;
    wall_time expires_at;
    bool used = false;
};

/// The result of a successful grant; lifetimes in seconds, as in the answer.
struct token_pair {
    std::string access_token;
    std::int64_t expires_in_s = 0;
    std::string refresh_token;
    std::int64_t refresh_expires_in_s = 0;
    std::size_t grant_number = 0;
};

class token_book {
public:
    /// Keeps the code until it is used.
    const authorization_code& add_code(authorization_code code);
    authorization_code* find_code(const std::string& text);

    token_pair issue(const std::string& client_key, const std::string& username, string_list scopes,
                     std::int64_t expires_in_s, std::int64_t refresh_expires_in_s, wall_time now);

    /// Nothing: invalid_grant. Rotates as `choice.rotation` says.
    std::optional<token_pair> refresh(const std::string& client_key, const std::string& refresh_token,
                                      const switches& choice, const timing_settings& timing, wall_time now);

    /// The grant of an access token that is valid now; null otherwise.
    const grant* holder_of(const std::string& access_token, wall_time now) const;
    /// The token with this text, valid or not; null if it was never given out.
    const token* find(const std::string& text) const;
    const grant& grant_number(std::size_t number) const { return grants_.at(number); }
    const grant& grant_of(const token& of) const { return grants_.at(of.grant_number); }

    /// Ends a consent with all its tokens.
    void remove(std::size_t grant_number);
    /// Ends all consents of the account to the app (empty: to any app); gives the app of each.
    string_list remove_all(const std::string& username, const std::string& client_key);
    /// Lets tokens of an account end now. `kind`: access, refresh or all.
    std::size_t expire(const std::string& username, const std::string& kind, wall_time now);

    /// All tokens that are valid now, access or refresh, of one account.
    std::vector<const token*> valid(const std::string& username, bool refresh, wall_time now) const;
    bool is_valid(const token& one, wall_time now) const;

    /// All tokens ever given out, by their text.
    const std::map<std::string, token, std::less<>>& all() const { return tokens_; }
    const std::map<std::string, authorization_code>& codes() const { return codes_; }

private:
    token& add(bool refresh, std::size_t grant_number, wall_time valid_from, wall_time expires_at);

    std::vector<grant> grants_;
    std::map<std::string, token, std::less<>> tokens_;
    std::map<std::string, authorization_code> codes_;
    std::size_t issued_ = 0;
};

} // namespace gateway::simulator
