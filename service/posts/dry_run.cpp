// publisher::try_upload, try_photos and try_publish; publish_draft.cpp has the steps of a draft.
#include "posts/dry_run.hpp"

#include "files/staged_file_store.hpp"
#include "posts/post_facts.hpp"
#include "posts/post_settings.hpp"
#include "posts/publisher.hpp"
#include "tiktok/chunk_plan.hpp"
#include "tiktok/media_sniff.hpp"
#include "user_api/bound_api.hpp"
#include "user_api/window_refusals.hpp"

#include <algorithm>
#include <array>
#include <memory>
#include <utility>

namespace gateway::posts {

/// The init that a post would make.
struct init_to_try {
    tiktok::endpoint which;
    bool direct = false;
    std::string privacy_level; // of a direct post; empty: its settings are refused already
};

namespace {

/// Notes a failure that the post would have; gives back one of the dry run itself.
result<void> note(verdict& out, const failure& why) {
    if (!is_reason(why)) return why;
    out.reasons.push_back(why);
    return {};
}

result<void> note(verdict& out, const result<void>& step) {
    return step ? step : note(out, step.error());
}

/// The privacy level of the direct post; empty if its settings are refused.
std::string try_settings(const tiktok::post_info& given, const std::string& default_level, verdict& out) {
    const auto complete = complete_direct(given, default_level);
    if (complete) return complete->privacy_level;
    out.reasons.push_back(complete.error());
    return {};
}

/// As many of the first bytes as show what they are.
task<result<std::string>> read_first(body_source& from, deadline until) {
    std::string bytes(std::min<std::uint64_t>(from.size_bytes(), tiktok::sniff_bytes), '\0');
    for (std::size_t filled = 0; filled < bytes.size();) {
        const auto got = co_await from.read_some({bytes.data() + filled, bytes.size() - filled}, until);
        if (!got) co_return got.error();
        if (*got == 0) bytes.resize(filled);
        filled += *got;
    }
    co_return bytes;
}

} // namespace

bool is_reason(const failure& why) {
    const int status = http_status(why.code());
    if (status == 403 || status == 409 || status == 422 || status == 429 || status == 502) return true;
    return why.code() == errc::no_such_post || why.code() == errc::no_such_file;
}

/// The bytes of an upload: the plan of their chunks, and their format.
task<result<void>> publisher::try_media(const upload_request& what, const post_origin& by, deadline until) {
    std::unique_ptr<body_source> staged;
    body_source* from = what.body;
    if (!from) {
        if (what.file.empty()) co_return result<void>{}; // a URL, or an input that is refused already
        auto opened = co_await files_.open(by.caller, what.file, by.now, until);
        if (!opened) co_return opened.error();
        staged = std::move(*opened);
        from = staged.get();
    }
    const auto plan = tiktok::plan_chunks(from->size_bytes(), what.chunk_hint_bytes);
    if (!plan) co_return plan.error();
    const auto first = co_await read_first(*from, until);
    if (!first) co_return first.error();
    const auto media = tiktok::sniff_video(*first);
    if (media.content_type.empty()) co_return tiktok::no_video(media);
    co_return result<void>{};
}

/// What TikTok would let this user do now.
task<result<void>> publisher::try_limits(dry_call of, init_to_try what, verdict& out, wall_time now) {
    if (of.may_ask && what.direct) {
        const auto creator = co_await of.tiktok->creator_info();
        result<void> allowed;
        if (!creator)
            allowed = creator.error();
        else if (!what.privacy_level.empty())
            allowed = check_offered(*creator, what.privacy_level);
        if (auto noted = note(out, allowed); !noted) co_return noted;
    } else if (of.may_ask) {
        const auto room = co_await check_pending_shares(*of.tiktok, now);
        if (auto noted = note(out, room); !noted) co_return noted;
    }
    if (of.tiktok) {
        const auto window = co_await of.tiktok->window_of(what.which);
        if (!window) co_return window.error();
        out.window = *window;
        if (window->limit > 0 && window->remaining == 0)
            out.reasons.push_back(user_api::window_is_full(what.which, {window->until_more, *window}));
    }
    auto left = co_await left_today(of.user, now, of.until);
    if (!left) co_return left.error();
    out.caps = *left;
    co_return result<void>{};
}

task<result<verdict>> publisher::try_upload(dry_call of, upload_request what, post_origin by) {
    verdict out;
    init_to_try init{tiktok::endpoint::inbox_init, what.direct, {}};
    if (what.direct) {
        init.which = tiktok::endpoint::video_init;
        init.privacy_level = try_settings(what.info, default_privacy_level_, out);
    }
    const auto media = co_await try_media(what, by, of.until);
    if (auto noted = note(out, media); !noted) co_return noted.error();
    const auto limits = co_await try_limits(of, std::move(init), out, by.now);
    if (!limits) co_return limits.error();
    co_return std::move(out);
}

task<result<verdict>> publisher::try_photos(dry_call of, photos_request what, post_origin by) {
    verdict out;
    init_to_try init{tiktok::endpoint::content_init, what.direct, {}};
    if (what.direct) init.privacy_level = try_settings(what.info, default_privacy_level_, out);
    const auto limits = co_await try_limits(of, std::move(init), out, by.now);
    if (!limits) co_return limits.error();
    co_return std::move(out);
}

task<result<verdict>> publisher::try_publish(dry_call of, publish_request what, post_origin by) {
    verdict out;
    if (of.may_ask) {
        const auto draft = co_await try_draft(*of.tiktok, std::move(what), by, out);
        if (auto noted = note(out, draft); !noted) co_return noted.error();
    }
    const bool would_post = out.draft_level.has_value();
    of.may_ask = of.may_ask && would_post; // what makes no post needs nothing of its creator
    init_to_try init{tiktok::endpoint::video_init, true, out.draft_level.value_or("")};
    const auto limits = co_await try_limits(of, std::move(init), out, by.now);
    if (!limits) co_return limits.error();
    co_return std::move(out);
}

} // namespace gateway::posts
