#include "actions/ledger_answer.hpp"

#include "actions/post_inputs.hpp"
#include "api/problem.hpp"
#include "base/json/values.hpp"
#include "base/json/write.hpp"
#include "posts/post_facts.hpp"
#include "store/post_record.hpp"

#include <boost/json/object.hpp>

#include <utility>

namespace gateway::actions {
namespace {

constexpr std::string_view made_from_ledger =
    "The gateway ended before it could answer; this answer is made from its ledger.";

failure nobody_knows(const store::post_record& post) {
    std::string sentence = "The gateway ended in the middle of this call, and TikTok may have posted. ";
    sentence += post.id.empty() ? "Look at the creator's account before you try again."
                                : "GET /v1/users/" + post.user.text() + "/posts/" + post.id.text()
                                      + " tells what became of it.";
    return failure(errc::outcome_unknown, std::move(sentence)).may_have_reached_tiktok();
}

posts::upload_answer upload_of(const store::post_record& post) {
    posts::upload_answer out;
    out.id = post.id;
    out.status = post.status;
    if (post.kind.ends_with("_file"))
        out.upload_status_code = 201; // TikTok's status before the post was settled
    out.file = file_id::trusted(post.file);
    out.size_bytes = post.size_bytes;
    out.sha256 = post.sha256;
    out.warnings.emplace_back(made_from_ledger);
    return out;
}

posts::post_answer post_of(const store::post_record& post) {
    posts::post_answer out;
    out.id = post.id;
    out.status = post.status;
    out.draft = post.draft;
    out.warnings.emplace_back(made_from_ledger);
    return out;
}

/// Empty if the call certainly had no effect.
std::optional<outcome> outcome_of(const store::post_record& post,
                                  object (*answer_of)(const store::post_record&)) {
    if (posts::had_no_effect(post)) return std::nullopt;
    if (post.state != store::post_state::settled || post.id.empty()) return outcome(nobody_knows(post));
    return outcome(answer{answer_of(post)});
}

} // namespace

std::optional<outcome> outcome_of_upload(const store::post_record& post) {
    return outcome_of(post,
                      [](const store::post_record& of) { return object{.json = to_json(upload_of(of))}; });
}

std::optional<outcome> outcome_of_post(const store::post_record& post) {
    return outcome_of(
        post, [](const store::post_record& of) { return object{.json = to_json(post_of(of), true)}; });
}

std::optional<outcome> outcome_of_file(const store::post_record& post) {
    return outcome_of(post, [](const store::post_record& of) { return file_answer(of.id); });
}

object file_answer(const publish_id& id) {
    return {.json = serialize_json(boost::json::object{{"publish_id", id.text()}})};
}

int write_file_outcome(std::string& out, const outcome& what, std::string_view request_id) {
    if (const auto* why = std::get_if<failure>(&what)) {
        out += R"("successful":false,"publish_id":null,"error":)";
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
