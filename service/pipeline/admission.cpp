#include "pipeline/admission.hpp"

#include "base/pattern.hpp"
#include "base/refused_inputs.hpp"
#include "base/text.hpp"
#include "files/staged_file_store.hpp"
#include "pipeline/whole_body.hpp"
#include "telemetry/call_record.hpp"

#include <algorithm>

namespace gateway::pipeline {
namespace {

failure refuse_header(std::string_view name, std::string reason) {
    std::string sentence = "The header " + std::string(name) + " is refused: it " + reason + ".";
    std::vector<field_fault> faults{{std::string(name), std::move(reason)}};
    return failure{errc::invalid_input, std::move(sentence)}.fields(std::move(faults));
}

bool may_have_bytes(const request& what) {
    return what.has_body && what.content_length.value_or(1) != 0;
}

} // namespace

result<const caller_book::entry*> identify(const std::shared_ptr<const caller_book>& book,
                                           const request& what) {
    if (what.what->opened_by != api::auth::caller) return &book->anonymous();
    const auto* found =
        what.shown_before ? what.shown_before->find(book, what.api_key) : book->find(what.api_key);
    if (found) return found;
    return failure{errc::unauthenticated,
                   "This call needs a valid API key: Authorization: Bearer KEY, or x-api-key."};
}

failure refuse_unknown_key(limits::address_limiter& counts, const request& what, const failure& refusal) {
    if (!what.from) return refusal;
    const auto wait = counts.count(what.from->network(), what.arrived);
    if (!wait) return refusal;
    return failure{
        errc::rate_limited,
        "Too many calls without a valid API key came from this address; send a valid one, or wait."}
        .scope(limit_scope::address)
        .retry_after(*wait);
}

result<void> may_do(const settings::caller& who, const api::row& what) {
    if (matches_any(who.actions, what.slug)) return {};
    return failure{errc::forbidden, "This key may not do " + std::string(what.slug)
                                        + "; the operator can add it to the `actions` of this caller."};
}

result<std::optional<limits::quota_status>> take_quota(limits::window_table& quotas,
                                                       const caller_book::entry& who, steady_time now) {
    if (who.quota.limit == 0) return std::optional<limits::quota_status>{};
    constexpr std::uint8_t the_one_kind = 0;
    // A request counts when it arrives, however long it takes.
    const auto counted = quotas.count(who.who->name, the_one_kind, who.quota, now);
    if (const auto* refused = std::get_if<limits::no_slot>(&counted))
        return failure{errc::rate_limited,
                       "This key has used up its requests for this minute; wait as Retry-After says."}
            .scope(limit_scope::caller)
            .retry_after(refused->wait);
    return std::optional{std::get<limits::quota_status>(counted)};
}

failure not_found(errc code) {
    switch (code) {
        case errc::no_such_file:
            return files::no_such_file();
        case errc::no_such_post:
            return {code,
                    "This user has no post of that publish_id; GET /v1/users/{user_id}/posts lists those "
                    "made here."};
        default:
            return {errc::user_not_connected,
                    "No user of that user_id is connected; POST /v1/users/{user_id}/connect begins a login."};
    }
}

result<void> may_act_for(const settings::caller& who, const request& what) {
    user_id& user = what.names->user;
    user.assign_trusted({});
    const auto named = what.path->at("user_id");
    if (named.empty()) return {}; // the path has no user; the router refuses empty parameters
    if (const auto good = check_user_id(named, user); !good) return good.error();
    if (!matches_any(who.users, user.text())) return not_found(errc::user_not_connected);
    return {};
}

namespace {

failure store_is_not_there_yet() {
    return failure(errc::vault_unavailable,
                   "The gateway has started, and its store does not answer yet; try again soon.")
        .retry_after(milliseconds{1'000});
}

failure too_many_in_flight() {
    return failure(errc::overloaded, "Too many calls with this key are in flight; try again soon.")
        .retry_after(milliseconds{1'000});
}

} // namespace

result<const caller_book::entry*> admission::admit(const std::shared_ptr<const caller_book>& book,
                                                   const request& what, telemetry::call_record& record,
                                                   place_in_flight& place) {
    // Authenticate first: every later step depends on the caller and costs work.
    const auto who = identify(book, what);
    if (!who) return refuse_unknown_key(unknown_keys_, what, who.error());
    const auto& by = *(*who)->who;
    record.by = (*who)->shares;
    if (what.what->opened_by == api::auth::caller) {
        record.caller = by.name;
        // Permissions before the quota: a permanent refusal should not use up the quota.
        if (const auto may = may_do(by, *what.what); !may) return may.error();
        // The quota before any work.
        const auto quota = take_quota(quotas_, **who, what.arrived);
        if (!quota) return quota.error();
        record.caller_quota = *quota;
    }
    // A sole caller has all connections, whichever workers they came to.
    if (several_.several() && !place.take(in_flight_, record.by)) return too_many_in_flight();
    // The user before the inputs, so that users of other callers are answered like users who do not exist.
    if (const auto may = may_act_for(by, what); !may) return may.error();
    record.user = what.names->user.text();
    // Before the keys were checked against the store, nothing may be sealed or opened (V06, K11).
    if (store_is_there_ && !*store_is_there_ && !what.what->works_without_store)
        return store_is_not_there_yet();
    return *who;
}

result<std::optional<milliseconds>> parse_timeout_header(std::string_view text) {
    if (text.empty()) return std::optional<milliseconds>{};
    const auto point = text.find('.');
    const auto whole = text.substr(0, point);
    const auto rest = point == std::string_view::npos ? std::string_view{"0"} : text.substr(point + 1);
    std::int64_t wait_ms = 0;
    if (!whole.empty() && whole.size() <= 9 && !rest.empty() && rest.size() <= 3) {
        const std::string as_ms = std::string(whole).append(rest).append(3 - rest.size(), '0');
        if (consists_of(as_ms, is_digit)) wait_ms = parse_number<std::int64_t>(as_ms).value_or(0);
    }
    if (wait_ms == 0)
        return refuse_header("X-Request-Timeout", "must be a number of seconds above 0, as 2 or 0.5");
    return std::optional<milliseconds>{milliseconds{wait_ms}};
}

milliseconds allowed_time(api::deadline_class deadline_class, std::uint64_t upload_bytes,
                          const settings::deadlines& from) {
    switch (deadline_class) {
        case api::deadline_class::read:
            return from.read;
        case api::deadline_class::post:
            return from.post;
        case api::deadline_class::batch:
            return from.batch;
        case api::deadline_class::stream:
            return from.stream;
        case api::deadline_class::upload:
            break;
    }
    const auto rate = std::max<std::uint64_t>(1, from.upload_bytes_per_second_min);
    return from.upload_base + seconds{static_cast<std::int64_t>(upload_bytes / rate)};
}

result<void> check_key(const request& what) {
    if (!what.has_idempotency_key) return {};
    const auto key = what.idempotency_key;
    if (!key.empty() && key.size() <= 255 && consists_of(key, is_visible)) return {};
    return refuse_header("Idempotency-Key", "must be 1 to 255 visible ASCII characters");
}

failure wrong_type(const api::row& what) {
    const bool upload = what.takes == api::body::upload;
    const std::string_view takes =
        upload ? "video/*, multipart/form-data with a boundary, or application/json" : "application/json";
    return failure{errc::unsupported_media_type,
                   "This route takes the Content-Type " + std::string(takes) + "."};
}

failure needs_length(std::string_view what) {
    return failure{errc::length_required,
                   std::string(what) + " needs Content-Length, the size of its body; chunks do not tell it."};
}

failure no_video(bool form) {
    std::vector<field_fault> faults{
        {"file_to_upload", form ? "is required, and the form is empty"
                                : "is required, and the body, which is the video, is empty"}};
    return refused_inputs(std::move(faults));
}

result<body_plan> plan_body(const request& what) {
    using api::body;
    const auto& row = *what.what;
    if (what.content_length && *what.content_length > row.body_bytes_max)
        return body_too_large(row.body_bytes_max);
    if (row.takes == body::none) {
        if (!may_have_bytes(what)) return body_plan{};
        if (what.content_length.value_or(0) > dropped_bytes_max)
            return failure{errc::too_large, "This route takes no body, and of one it ignores 64 KB at most."};
        // No 100 Continue for bytes that would be discarded; the connection ends instead.
        return body_plan{.shape = what.expects_continue ? body_shape::none : body_shape::dropped};
    }
    if (row.takes == body::document) return body_plan{.shape = body_shape::document};
    if (row.takes == body::stream) {
        if (const auto type = http::parse_media_type(what.content_type); type && type->is_multipart_form())
            return failure{
                errc::unsupported_media_type,
                "This route keeps the body as it comes, a form too: send the bytes of the file alone."};
        if (!what.content_length) return needs_length("A file");
        return body_plan{.shape = body_shape::raw};
    }
    const bool upload = row.takes == body::upload;
    const bool fine_without = !upload || what.content_type.empty();
    if (!may_have_bytes(what) && fine_without) return body_plan{.shape = body_shape::json};
    const auto type = http::parse_media_type(what.content_type);
    if (type && type->is_json()) return body_plan{.shape = body_shape::json, .type = *type};
    // A chunked body may be empty, but not that of a client with Expect: 100-continue.
    if (fine_without && !what.content_length && !what.expects_continue)
        return body_plan{.shape = body_shape::nothing_due};
    if (!type) return wrong_type(row);
    const bool form = type->is_multipart_form() && !type->boundary.empty();
    if (!upload || (!form && !type->is_video())) return wrong_type(row);
    if (!what.content_length) return needs_length("An upload");
    if (!may_have_bytes(what)) return no_video(form);
    return body_plan{.shape = form ? body_shape::multipart : body_shape::raw, .type = *type};
}

} // namespace gateway::pipeline
