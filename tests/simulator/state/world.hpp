// The simulator's whole state, used on one thread without locks. It does no I/O; work to do outside (send an
// event, pull a URL) is collected in `out`, and wire/ does it. Time is set by advance().
#pragma once
#include "rules/arrivals.hpp"
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

/// A public video of the display endpoints (docs/tiktok-wire.md §3.2).
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

/// The event that the developer portal sends to test a webhook.
inline constexpr std::string_view ping_event = "tiktok.ping";

struct event_to_send {
    std::uint64_t record = 0; // number in the history
    std::string url;
    std::string client_secret;
    std::string body;
    bool blank = false; // after the comma of the signature (W19)
};

struct pull_to_start {
    std::string publish_id;
    string_list urls;
};

struct outgoing {
    std::vector<event_to_send> events;
    std::vector<pull_to_start> pulls;
    std::string close_connections; // idle | all, as requested by the control listener
};

class world {
public:
    world(settings all, wall_time now);

    wall_time now() const { return now_; }
    /// Sets the time to `now` and does everything that is due.
    void advance(wall_time now);
    /// When something is due next; nothing if nothing waits.
    std::optional<wall_time> next_due() const { return posts.next_due(); }

    const app_settings* find_app(const std::string& client_key) const;
    account* find_account(const std::string& username);
    /// The account with this open_id for this app.
    account* find_by_open_id(const std::string& client_key, const std::string& open_id);
    /// The default account; null only if there are no accounts.
    account* default_account();
    /// Adds an account, or replaces the facts of one.
    account& put_account(const account_settings& facts);
    std::string open_id(const std::string& client_key, const std::string& username);

    /// Sends an event to an app's webhook; `content` becomes a string that contains JSON
    /// (docs/tiktok-wire.md §7). The portal's test event, `tiktok.ping`, has no account, and its time is in
    /// milliseconds (W19).
    void tell(const std::string& client_key, const std::string& username, const std::string& event,
              const boost::json::object& content, const std::string& publish_id = {});
    /// Sends the events of posts since the last call; part of advance(), and called after each request.
    void settle();
    /// Ends consents of an account: tokens become invalid, running posts fail, the apps get events
    /// (docs/tiktok-wire.md §1.3, §7).
    void withdraw(const std::string& username, const std::string& client_key, int reason);

    settings config;
    token_book tokens;
    post_book posts;
    history past;
    rate_windows windows;
    arrivals came; // by account and endpoint, for the history
    std::map<std::string, account> accounts;
    fault_book faults;
    outgoing out;
    milliseconds clock_ahead{0};     // how far the simulated clock is ahead of the real one
    std::string upload_origin;       // scheme and authority of upload_url
    std::set<std::string> verifiers; // PKCE verifiers of clients, for the search for secrets

private:
    void report(const post& one, const post_news& item);
    void show(const post& one, std::int64_t post_id);
    void hide(const post& one, std::int64_t post_id);

    wall_time now_;
};

} // namespace gateway::simulator
