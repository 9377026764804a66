#include "state/world.hpp"

#include "rules/names.hpp"

#include <boost/json/serialize.hpp>

#include <algorithm>
#include <utility>

namespace gateway::simulator {

namespace {

std::vector<video> make_up_videos(const account_settings& facts, wall_time now) {
    std::vector<video> videos;
    for (std::int64_t i = 0; i < facts.made_up_videos; ++i) {
        video one;
        one.id = std::to_string(new_post_id());
        one.title = "Video " + std::to_string(facts.made_up_videos - i) + " of " + facts.username;
        one.create_time_ms = unix_ms(now) - (i + 1) * 3'600'000;
        videos.push_back(std::move(one));
    }
    return videos;
}

} // namespace

world::world(settings all, wall_time now)
    : config(std::move(all)), past(static_cast<std::size_t>(config.history_requests)), now_(now) {
    for (const account_settings& facts : config.accounts) {
        put_account(facts);
    }
}

const app_settings* world::find_app(const std::string& client_key) const {
    const auto found = std::find_if(config.apps.begin(), config.apps.end(),
                                    [&](const app_settings& one) { return one.client_key == client_key; });
    return found == config.apps.end() ? nullptr : &*found;
}

account* world::find_account(const std::string& username) {
    const auto found = accounts.find(username);
    return found == accounts.end() ? nullptr : &found->second;
}

account* world::find_by_open_id(const std::string& client_key, const std::string& wanted) {
    for (auto& [username, one] : accounts) {
        if (open_id(client_key, username) == wanted) return &one;
    }
    return nullptr;
}

account* world::default_account() {
    if (account* named = find_account(config.default_account)) return named;
    if (!config.accounts.empty()) return find_account(config.accounts.front().username);
    return accounts.empty() ? nullptr : &accounts.begin()->second;
}

account& world::put_account(const account_settings& facts) {
    const bool known = accounts.contains(facts.username);
    account& kept = accounts[facts.username];
    if (!known || kept.facts.made_up_videos != facts.made_up_videos)
        kept.videos = make_up_videos(facts, now_);
    kept.facts = facts;
    return kept;
}

std::string world::open_id(const std::string& client_key, const std::string& username) {
    const account* known = find_account(username);
    return known && !known->facts.open_id.empty() ? known->facts.open_id : open_id_of(client_key, username);
}

void world::tell(const std::string& client_key, const std::string& username, const std::string& event,
                 const boost::json::object& content, const std::string& publish_id) {
    const app_settings* app = find_app(client_key);
    if (!app || app->webhook_url.empty()) return;
    webhook_record record;
    record.time_ms = unix_ms(now_);
    record.client_key = client_key;
    record.account = username;
    record.event = event;
    record.content = boost::json::serialize(content);
    record.publish_id = publish_id;
    const webhook_record& kept = past.add_webhook(std::move(record));
    const bool ping = event == ping_event;
    const boost::json::object body{{"client_key", client_key},
                                   {"event", event},
                                   {"create_time", unix_ms(now_) / (ping ? 1 : 1000)},
                                   {"user_openid", username.empty() ? "" : open_id(client_key, username)},
                                   {"content", kept.content}};
    const std::string& blank = config.choice.signature_blank;
    out.events.push_back({kept.number, app->webhook_url, app->client_secret, boost::json::serialize(body),
                          blank == "always" || (blank == "of_pings" && ping)});
}

void world::withdraw(const std::string& username, const std::string& client_key, int reason) {
    for (const std::string& app : tokens.remove_all(username, client_key)) {
        posts.withdraw(username, app);
        tell(app, username, "authorization.removed", {{"reason", reason}});
    }
    settle();
}

void world::advance(wall_time now) {
    now_ = now;
    posts.advance(now, config.timing);
    settle();
}

void world::settle() {
    for (const post_news& item : std::exchange(posts.news, {})) {
        const post* one = posts.find(item.publish_id);
        if (one) report(*one, item);
    }
}

void world::report(const post& one, const post_news& item) {
    boost::json::object content{{"publish_id", one.publish_id}, {"publish_type", one.publish_type()}};
    std::string event;
    switch (item.kind) {
        case news_kind::failed:
            event = "post.publish.failed";
            content["reason"] = one.fail_reason;
            break;
        case news_kind::complete:
            event = "post.publish.complete";
            break;
        case news_kind::inbox_delivered:
            event = "post.publish.inbox_delivered";
            break;
        case news_kind::publicly_available:
            event = "post.publish." + config.choice.public_event_spelling + "_available";
            content["post_id"] = std::to_string(item.post_id);
            show(one, item.post_id);
            break;
        case news_kind::no_longer_public:
            event = "post.publish.no_longer_publicaly_available";
            content["post_id"] = std::to_string(item.post_id);
            hide(one, item.post_id);
            break;
    }
    tell(one.client_key, one.username, event, content, one.publish_id);
}

void world::show(const post& one, std::int64_t post_id) {
    account* owner = find_account(one.username);
    if (!owner) return;
    video shown;
    shown.id = std::to_string(post_id);
    shown.title = one.caption;
    shown.create_time_ms = unix_ms(now_);
    shown.is_aigc = one.is_aigc;
    owner->videos.insert(owner->videos.begin(), std::move(shown));
}

void world::hide(const post& one, std::int64_t post_id) {
    if (account* owner = find_account(one.username)) {
        std::erase_if(owner->videos, [&](const video& v) { return v.id == std::to_string(post_id); });
    }
}

} // namespace gateway::simulator
