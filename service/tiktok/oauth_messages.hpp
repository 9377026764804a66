// The wire of TikTok's token endpoint: form requests out, flat JSON in (docs/tiktok-wire.md §1.2–1.4). Pure.
#pragma once
#include "base/clock.hpp"
#include "base/secret.hpp"
#include "tiktok/oauth_answers.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace gateway::tiktok {

/// Appends `name=value` with a `&` before it where needed; everything but A-Z a-z 0-9 - . _ ~ is
/// percent-encoded (a code holds `*` and `!`).
void append_form(std::string& form, std::string_view name, std::string_view value);
/// The fields of every form, without `grant_type` if that is empty. Has room for all that may follow, because
/// growing would leave copies of the secrets.
std::string begin_form(std::string_view client_key, std::string_view client_secret,
                       std::string_view grant_type);

/// The whole request, to be sent as one flat write. The Content-Type is bare: with a charset TikTok answers
/// invalid_request (docs/tiktok-wire.md §0).
secret form_request(std::string_view host, std::string_view path, std::string_view form);

/// The meaning of the answer, by its body; the status counts only if the body is not usable (W6).
/// `retry_after` is the header's raw value.
token_outcome read_token_answer(int status, std::string_view body, std::string_view retry_after);

/// The last moment of the second that the answer's `Date` names: when TikTok gave the grant, by the clock
/// that stamps its events, too. Nothing without one readable Date that is near our own clock. `head` is the
/// answer's, with its status line.
std::optional<wall_time> time_of_grant(std::string_view head, wall_time ours);

/// TikTok's error in an OAuth error body; the code is empty if it is not one.
tiktok_error_text read_oauth_error(int status, std::string_view body);

/// The label of upstream_requests_total: `ok`, `unreadable` for an answer that was lost, else as in
/// error_table.hpp.
std::string_view code_label(const token_outcome& outcome);

/// Whether an error of the token endpoint is about the app and not about a grant.
bool is_about_app(std::string_view code);

/// For callers, whose request was not answered because of it.
failure failure_of(app_refused why);

/// Whether a token is valid in a header: 1…4096 visible ASCII characters.
bool is_plain_token(std::string_view token);

} // namespace gateway::tiktok
