#include "actions/ledger_answer.hpp"

#include "actions/post_inputs.hpp"
#include "api/problem.hpp"
#include "base/json/values.hpp"
#include "base/json/write.hpp"
#include "http/status_path.hpp"
#include "posts/post_facts.hpp"
#include "posts/post_settings.hpp"
#include "store/post_record.hpp"

#include <boost/json/object.hpp>

#include <utility>

namespace gateway::actions {
namespace {

using api::asked_of_ledger;

std::string_view why_from_ledger(asked_of_ledger when) {
    return when == asked_of_ledger::after_crash
               ? "The gateway ended before it could answer; this answer is made from its ledger."
               : "The first answer was in doubt; this one is made from what TikTok has told of the post "
                 "since.";
}

failure nobody_knows(const store::post_record& post) {
    std::string sentence = "The gateway ended in the middle of this call, and TikTok may have posted. ";
    if (post.id.empty()) {
        sentence += "Look at the creator's account before you try again.";
        return failure(errc::outcome_unknown, std::move(sentence)).may_have_reached_tiktok();
    }
    auto path = http::status_path_of(post.user, post.id);
    sentence += "GET " + path + " tells what became of it.";
    return failure(errc::outcome_unknown, std::move(sentence))
        .post(post.id.text(), std::move(path))
        .may_have_reached_tiktok();
}

posts::upload_answer upload_of(const store::post_record& post, asked_of_ledger when) {
    posts::upload_answer out;
    out.id = post.id;
    out.status = post.status;
    if (post.kind.ends_with("_file"))
        out.upload_status_code = 201; // TikTok's status before the post was settled
    out.file = file_id::trusted(post.file);
    out.size_bytes = post.size_bytes;
    out.sha256 = post.sha256;
    out.warnings.emplace_back(why_from_ledger(when));
    posts::tell_privacy(post, out.privacy_level, out.warnings);
    return out;
}

posts::post_answer post_of(const store::post_record& post, asked_of_ledger when) {
    posts::post_answer out;
    out.id = post.id;
    out.status = post.status;
    out.draft = post.draft;
    out.warnings.emplace_back(why_from_ledger(when));
    posts::tell_privacy(post, out.privacy_level, out.warnings);
    return out;
}

/// Empty if the call certainly had no effect, unless it has told a doubt: then that is how its post ended.
std::optional<outcome> outcome_of(const store::post_record& post, asked_of_ledger when,
                                  object (*answer_of)(const store::post_record&, asked_of_ledger)) {
    if (when == asked_of_ledger::after_crash && posts::had_no_effect(post)) return std::nullopt;
    if (post.state != store::post_state::settled || post.id.empty()) return outcome(nobody_knows(post));
    if (post.status == posts::failed) return outcome(posts::post_failed(post.fail_reason));
    return outcome(answer{answer_of(post, when)});
}

} // namespace

std::optional<outcome> outcome_of_upload(const store::post_record& post, asked_of_ledger when) {
    return outcome_of(post, when, [](const store::post_record& of, asked_of_ledger asked) {
        return object{.json = to_json(upload_of(of, asked))};
    });
}

std::optional<outcome> outcome_of_post(const store::post_record& post, asked_of_ledger when) {
    return outcome_of(post, when, [](const store::post_record& of, asked_of_ledger asked) {
        return object{.json = to_json(post_of(of, asked), true)};
    });
}

std::optional<outcome> outcome_of_file(const store::post_record& post, asked_of_ledger when) {
    return outcome_of(post, when, [](const store::post_record& of, asked_of_ledger) {
        posts::upload_answer out;
        out.id = of.id;
        posts::tell_privacy(of, out.privacy_level, out.warnings);
        return file_answer(out);
    });
}

object file_answer(const posts::upload_answer& of) {
    boost::json::object out{{"publish_id", of.id.text()},
                            {"privacy_level", json_text_or_null(of.privacy_level)}};
    if (!of.warnings.empty()) out["warnings"] = json_list(of.warnings);
    return {.json = serialize_json(out)};
}

namespace {

/// The post of a failed file, as far as it is known.
void append_post_of(std::string& out, const failure& why) {
    const auto* const more = why.details();
    if (!more || more->publish_id.empty()) {
        out += R"("publish_id":null)";
        return;
    }
    out += R"("publish_id":)";
    append_json_string(out, more->publish_id);
    append_json_key(out, "status_path");
    append_json_string(out, more->status_path);
}

} // namespace

int write_file_outcome(std::string& out, const outcome& what, std::string_view request_id) {
    if (const auto* why = std::get_if<failure>(&what)) {
        out += R"("successful":false,)";
        append_post_of(out, *why);
        append_json_key(out, "error");
        append_json_string(out, why->message());
        append_json_key(out, "problem");
        api::append_problem(out, *why, request_id);
        return http_status(why->code());
    }
    if (const auto* again = std::get_if<api::replay>(&what)) {
        out += again->envelope;
        return again->status;
    }
    const auto& done = std::get<object>(std::get<answer>(what));
    out += R"("successful":true,)";
    out += std::string_view(done.json).substr(1, done.json.size() - 2); // without the braces
    out += R"(,"error":null,"problem":null)";
    return 200;
}

} // namespace gateway::actions
