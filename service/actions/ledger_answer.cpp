#include "actions/ledger_answer.hpp"

#include "actions/post_inputs.hpp"
#include "api/envelope.hpp"
#include "api/problem.hpp"
#include "base/json/write.hpp"
#include "idempotency/first_answer.hpp"
#include "posts/post_facts.hpp"

#include <optional>
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
        out.upload_status_code = 201; // TikTok had said so before it was settled
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

} // namespace

std::string file_outcome_json(const result<publish_id>& done, std::string_view request_id) {
    std::string out = done ? R"("successful":true,"publish_id":)" : R"("successful":false,"publish_id":)";
    append_text_or_null(out, done ? std::string_view(done->text()) : std::string_view{});
    append_json_key(out, "error");
    append_text_or_null(out, done ? std::string_view{} : std::string_view(done.error().message()));
    append_json_key(out, "problem");
    if (done)
        out += "null";
    else
        api::append_problem(out, done.error(), request_id);
    return out;
}

namespace {

/// Empty: for certain nothing came of it, so the call may be made anew. The attempt is not `begun` any more.
std::optional<result<answer>> answer_of(const store::post_record& post) {
    const bool known = post.state == store::post_state::settled && !post.id.empty();
    if (posts::came_to_nothing(post)) return std::nullopt;
    if (!known) return result<answer>(nobody_knows(post));
    const bool uploaded = post.action == "TIKTOK_UPLOAD_VIDEO" || post.action == "TIKTOK_UPLOAD_VIDEOS";
    object out{.json = uploaded ? to_json(upload_of(post)) : to_json(post_of(post), true)};
    return result<answer>(answer{std::move(out)});
}

} // namespace

bool answer_from_ledger(store::abandoned_key& one) {
    if (!one.post) return false; // it began nothing (or was a batch, whose files have keys of their own)
    auto told = answer_of(*one.post);
    if (!told) return false;
    auto& key = one.key;
    if (idempotency::is_key_of_part(key.key)) {
        const result<publish_id> of_file = *told ? result<publish_id>(one.post->id) : told->error();
        key.status = *told ? 200 : http_status(told->error().code());
        key.answer = file_outcome_json(of_file, key.request_id);
        return true;
    }
    const api::outcome what = *told ? api::outcome(std::move(**told)) : api::outcome(told->error());
    key.status = api::write_envelope(key.answer, what, key.request_id);
    return true;
}

} // namespace gateway::actions
