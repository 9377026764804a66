#include "tiktok/error_table.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace gateway::tiktok {
namespace {

struct table_row {
    std::string_view code; // TikTok's code; `*` at the end matches any rest
    errc ours;
    std::string_view sentence;
    bool is_daily_cap = false;
};

// The first matching row counts, so more exact ones come first.
constexpr table_row rows[] = {
    // Does not decide about the connection: see token_service::refresh_after_401.
    {"access_token_invalid", errc::tiktok_error, "TikTok does not accept this user's token at the moment."},
    {"scope_*", errc::missing_scope,
     "The user did not grant the scope this call needs; connect the user again with it."},
    {"rate_limit_exceeded", errc::rate_limited,
     "TikTok's rate limit for this user is reached; wait as Retry-After says."},
    {"spam_risk_too_many_posts", errc::rate_limited,
     "TikTok takes no more posts from this creator for now; wait as Retry-After says.", true},
    {"spam_risk_too_many_pending_share", errc::rate_limited,
     "Too many drafts wait in the creator's TikTok inbox; the creator can post or delete some.", true},
    {"reached_active_user_cap", errc::rate_limited,
     "The TikTok app has reached its number of posting users for today; wait as Retry-After says.", true},
    {"spam_risk*", errc::posting_refused,
     "TikTok refuses posts of this creator; the creator can look into the TikTok app for why."},
    {"app_version_check_failed", errc::posting_refused,
     "The creator's TikTok app is too old for this and has to be updated."},
    {"unaudited_client_can_only_post_to_private_accounts", errc::unaudited_client,
     "TikTok has not audited this gateway's app: it may post with SELF_ONLY to private accounts only."},
    {"url_ownership_unverified", errc::url_ownership_unverified,
     "A URL is under no domain or prefix verified for the TikTok app, and TikTok does not say which one: "
     "verify it in TikTok's portal; a video can also be sent as bytes."},
    {"privacy_level_option_mismatch", errc::privacy_level_not_allowed,
     "The creator's account does not offer this privacy level; GET /v1/users/{user_id}/creator lists its "
     "levels."},
    {"invalid_publish_id", errc::no_such_post, "TikTok knows no such publish_id."},
    {"token_not_authorized_for_specified_publish_id", errc::no_such_post,
     "This user has no such publish_id."},
    {"publish_not_cancellable", errc::not_cancellable,
     "TikTok can no longer cancel this post; its status tells how it ends."},
    {"invalid_param", errc::invalid_input, "TikTok did not accept the input."},
    {"invalid_params", errc::invalid_input, "TikTok did not accept the input."},
    {"invalid_file_upload", errc::invalid_input, "TikTok did not accept the file."},
    {"internal_error", errc::tiktok_error, "TikTok had an internal error."},
};

constexpr std::string_view oauth_words[] = {"invalid_request",
                                            "invalid_client",
                                            "invalid_grant",
                                            "invalid_scope",
                                            "unauthorized_client",
                                            "unsupported_grant_type",
                                            "unsupported_response_type",
                                            "access_denied",
                                            "server_error",
                                            "temporarily_unavailable"};

bool fits(std::string_view pattern, std::string_view code) {
    if (!pattern.ends_with('*')) return pattern == code;
    return code.starts_with(pattern.substr(0, pattern.size() - 1));
}

const table_row* find_row(std::string_view code) {
    for (const table_row& row : rows)
        if (fits(row.code, code)) return &row;
    return nullptr;
}

/// For an answer without a code in TikTok's format, only the statuses that ask for a wait are used. A 401
/// without a code is not TikTok's: a proxy refused the request.
std::string_view code_of_status(int status) {
    if (status == 429) return "rate_limit_exceeded";
    return {};
}

failure unknown_refusal(tiktok_error_text words) {
    std::string sentence = words.status >= 500  ? "TikTok failed to answer; try again."
                           : words.code.empty() ? "TikTok answered with something that is not its API."
                                                : "TikTok refused with a code we do not know.";
    return failure(errc::tiktok_error, std::move(sentence)).tiktok(std::move(words));
}

failure limited(const table_row& row, limit_scope scope, milliseconds wait, tiktok_error_text words) {
    return failure(errc::rate_limited, std::string(row.sentence))
        .scope(scope)
        .retry_after(wait)
        .tiktok(std::move(words));
}

} // namespace

std::optional<milliseconds> parse_retry_after(std::string_view value) {
    const auto wait_s = parse_number<std::int64_t>(value);
    if (!wait_s || *wait_s < 0) return std::nullopt;
    return std::min(milliseconds{seconds{std::min<std::int64_t>(*wait_s, 86'400)}}, retry_after_max);
}

failure translate(endpoint where, tiktok_error_text words, std::string_view retry_after) {
    const std::string_view code =
        words.code.empty() ? code_of_status(words.status) : std::string_view(words.code);
    const table_row* row = find_row(code);
    // With a 5xx the code's statement about the cause is ignored, unless it asks for a wait.
    if (!row || (words.status >= 500 && row->ours != errc::rate_limited))
        return unknown_refusal(std::move(words));

    if (row->is_daily_cap) return limited(*row, limit_scope::tiktok_daily, daily_cap_wait, std::move(words));
    if (row->ours == errc::rate_limited)
        return limited(*row, limit_scope::tiktok_user,
                       parse_retry_after(retry_after).value_or(rate_limit_wait), std::move(words));
    std::string sentence(row->sentence);
    if (row->ours == errc::invalid_input && !words.message.empty()) sentence += " It says: " + words.message;
    if (row->ours == errc::missing_scope) {
        std::vector<field_fault> faults{
            {"scopes",
             "TikTok wants a scope for " + std::string(row_of(where).name) + " that the user did not grant"}};
        return failure(errc::missing_scope, std::move(sentence))
            .fields(std::move(faults))
            .tiktok(std::move(words));
    }
    return failure(row->ours, std::move(sentence)).tiktok(std::move(words));
}

bool is_token_refusal(const tiktok_error_text& words) {
    return words.code == "access_token_invalid" && words.status < 500;
}

bool is_oauth_word(std::string_view code) {
    return std::find(std::begin(oauth_words), std::end(oauth_words), code) != std::end(oauth_words);
}

std::string_view code_label(const tiktok_error_text& words) {
    const std::string_view code =
        words.code.empty() ? code_of_status(words.status) : std::string_view(words.code);
    if (const table_row* row = find_row(code))
        return row->code == "scope_*"      ? "scope_not_authorized"
               : row->code == "spam_risk*" ? "spam_risk"
                                           : row->code;
    const auto* const word = std::find(std::begin(oauth_words), std::end(oauth_words), code);
    if (word != std::end(oauth_words)) return *word;
    if (words.status >= 500) return "http_5xx";
    if (words.status >= 400) return "http_4xx";
    return "unknown";
}

std::string_view code_label(const failure& why) {
    if (why.details() && why.details()->tiktok) return code_label(*why.details()->tiktok);
    switch (why.code()) {
        case errc::tiktok_unreachable:
            return "unreachable";
        case errc::tiktok_tls:
            return "tls";
        case errc::deadline_exceeded:
            return "deadline";
        case errc::overloaded:
            return "overloaded";
        default:
            return "unknown";
    }
}

} // namespace gateway::tiktok
