// GET /history and related calls.
#include "control/calls.hpp"

#include <boost/json/array.hpp>

#include <algorithm>

namespace gateway::simulator {

namespace {

boost::json::array tokens_of(const world& w, const std::string& username, bool refresh) {
    boost::json::array all;
    for (const token* one : w.tokens.valid(username, refresh, w.now())) {
        const grant& consent = w.tokens.grant_of(*one);
        boost::json::array scopes;
        for (const std::string& scope : consent.scopes) {
            scopes.emplace_back(scope.c_str());
        }
        all.push_back({{"token", one->text},
                       {"id", one->id},
                       {"client_key", consent.client_key},
                       {"scopes", std::move(scopes)},
                       {"expires_ms", unix_ms(one->expires_at)}});
    }
    return all;
}

/// Oldest first.
std::vector<const post*> posts_of(const world& w, const std::string& only) {
    std::vector<const post*> found;
    for (const auto& [id, one] : w.posts.all()) {
        if (only.empty() || only == one.username) found.push_back(&one);
    }
    std::sort(found.begin(), found.end(), [](const post* a, const post* b) { return a->number < b->number; });
    return found;
}

boost::json::object worst_windows(const world& w) {
    boost::json::object all;
    for (const auto& [path, one] : w.came.worst()) {
        all[path] = boost::json::object{{"calls", one.calls},
                                        {"account", one.account},
                                        {"time_ms", unix_ms(one.at)},
                                        {"limit", one.limit},
                                        {"above", one.above}};
    }
    return all;
}

} // namespace

answer show_history(world& w, const request& in) {
    const auto query = parse_form(in.query);
    const std::string only = query ? field_or_empty(*query, "account") : "";
    boost::json::object accounts;
    for (const auto& [username, one] : w.accounts) {
        if (!only.empty() && only != username) continue;
        accounts[username] = boost::json::object{{"access_tokens", tokens_of(w, username, false)},
                                                 {"refresh_tokens", tokens_of(w, username, true)},
                                                 {"videos", one.videos.size()}};
    }
    boost::json::array requests, posts, webhooks;
    for (const request_record& one : w.past.requests()) {
        if (only.empty() || only == one.account) requests.push_back(to_json(one));
    }
    for (const post* one : posts_of(w, only)) {
        posts.push_back(to_json(*one));
    }
    for (const webhook_record& one : w.past.webhooks()) {
        if (only.empty() || only == one.account) webhooks.push_back(to_json(one));
    }
    return json_answer({{"now_ms", unix_ms(w.now())},
                        {"requests_seen", w.past.seen()},
                        {"accounts", std::move(accounts)},
                        {"windows", worst_windows(w)},
                        {"requests", std::move(requests)},
                        {"posts", std::move(posts)},
                        {"webhooks", std::move(webhooks)}});
}

answer show_post(world& w, const request& in) {
    constexpr std::string_view before = "/history/posts/";
    const post* one = w.posts.find(in.path.substr(before.size()));
    return one ? json_answer(to_json(*one)) : control_error("no such post", 404);
}

/// A call of its own, because the rest of the history contains no secrets.
answer show_secrets(world& w, const request&) {
    boost::json::array access_tokens, refresh_tokens, codes, verifiers, upload_tokens;
    for (const auto& [text, one] : w.tokens.all()) {
        (one.refresh ? refresh_tokens : access_tokens).emplace_back(text.c_str());
    }
    for (const auto& [text, one] : w.tokens.codes()) {
        codes.emplace_back(text.c_str());
    }
    for (const std::string& text : w.verifiers) {
        verifiers.emplace_back(text.c_str());
    }
    for (const auto& [id, one] : w.posts.all()) {
        if (!one.upload_token.empty()) upload_tokens.emplace_back(one.upload_token.c_str());
    }
    return json_answer({{"access_tokens", std::move(access_tokens)},
                        {"refresh_tokens", std::move(refresh_tokens)},
                        {"codes", std::move(codes)},
                        {"verifiers", std::move(verifiers)},
                        {"upload_tokens", std::move(upload_tokens)}});
}

answer forget_requests(world& w, const request&) {
    w.past.forget_requests();
    return json_answer({{"ok", true}});
}

} // namespace gateway::simulator
