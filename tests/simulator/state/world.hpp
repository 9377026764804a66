// Everything the simulator knows, in one place and on one thread: no locks. It does no I/O; what has to be
// done outside (send an event, pull a URL) is left in `out` for the wire to pick up. Time comes in through
// advance().
#pragma once
#include "rules/rate_window.hpp"
#include "state/fault_book.hpp"
#include "state/history.hpp"
#include "state/post_book.hpp"
#include "state/token_book.hpp"

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace gateway::simulator {

/// A public video as the display endpoints show it (docs/tiktok-wire.md §3.2).
struct video {
    std::string id;
    std::string title;
    std::int64_t create_time_ms = 0;
    std::int64_t duration_s = 15;
    bool is_aigc = false;
};

struct account {
    account_settings facts;
    std::vector<video> videos; // newest first
};

/// What the developer portal sends when somebody tests a webhook.
inline constexpr std::string_view ping_event = "tiktok.ping";

struct event_to_send {
    std::uint64_t record = 0; // number in the history
    std::string url;
    std::string client_secret;
    std::string body;
    bool blank = false; // behind the comma of the signature (W19)
};

struct pull_to_start {
    std::string publish_id;
    string_list urls;
};

struct outgoing {
    std::vector<event_to_send> events;
    std::vector<pull_to_start> pulls;
    std::string close_connections; // idle | all: what the control listener asked for
};

class world {
public:
    world(settings all, wall_time now);

    wall_time now() const { return now_; }
    /// Lets time pass up to `now` and does what became due.
    void advance(wall_time now);
    /// When something becomes due next; nothing when nothing waits.
    std::optional<wall_time> next_due() const { return posts.next_due(); }

    const app_settings* find_app(const std::string& client_key) const;
    account* find_account(const std::string& username);
    /// The account whose open_id, as this app sees it, this is.
    account* find_by_open_id(const std::string& client_key, const std::string& open_id);
    /// The default account; null only when there is none at all.
    account* default_account();
    /// Adds an account, or replaces the facts of one.
    account& put_account(const account_settings& facts);
    std::string open_id(const std::string& client_key, const std::string& username);

    /// Tells an app's webhook; `content` becomes a string holding JSON (docs/tiktok-wire.md §7). The portal's
    /// test event, `tiktok.ping`, is of no account and has its time in milliseconds (W19).
    void tell(const std::string& client_key, const std::string& username, const std::string& event,
              const boost::json::object& content, const std::string& publish_id = {});
    /// Tells what happened to posts since; part of advance(), and asked for after a request was handled.
    void settle();
    /// Ends consents of an account: tokens die, running posts fail, the apps are told (docs/tiktok-wire.md
    /// §1.3, §7).
    void withdraw(const std::string& username, const std::string& client_key, int reason);

    settings config;
    token_book tokens;
    post_book posts;
    history past;
    rate_windows windows;
    std::map<std::string, account> accounts;
    fault_book faults;
    outgoing out;
    milliseconds clock_ahead{0};     // how far this world's clock is ahead of the real one
    std::string upload_origin;       // scheme and authority of upload_url
    std::set<std::string> verifiers; // of PKCE, as clients sent them: tests look for them

private:
    void report(const post& one, const post_news& item);
    void show(const post& one, std::int64_t post_id);
    void hide(const post& one, std::int64_t post_id);

    wall_time now_;
};

} // namespace gateway::simulator
