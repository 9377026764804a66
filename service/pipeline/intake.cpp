#include "pipeline/intake.hpp"

#include "pipeline/whole_body.hpp"

#include <utility>

namespace gateway::pipeline {
namespace {

/// An absent body is treated like an empty one.
task<result<std::string>> whole_body(const request& what, body_memory memory, deadline until) {
    if (!what.body || !what.has_body) co_return std::string{};
    co_return co_await read_whole(*what.body, what.what->body_bytes_max, until, memory);
}

/// For a body of a type that the row does not take: refused only if it has bytes, whatever its framing.
task<result<void>> expect_nothing(const request& what, deadline until) {
    char first = 0;
    const auto got = co_await what.body->read_some({&first, 1}, until);
    if (!got) co_return got.error();
    if (*got > 0) co_return wrong_type(*what.what);
    co_return result<void>{};
}

/// Reads a body that the row does not take, so that its bytes are not read as the next request. Gives how to
/// continue.
task<result<body_shape>> look_for_bytes(const request& what, body_shape planned, deadline until) {
    if (planned == body_shape::dropped) {
        const auto dropped = co_await drop_whole(*what.body, dropped_bytes_max, until);
        if (!dropped) co_return dropped.error();
        co_return body_shape::none;
    }
    const auto empty = co_await expect_nothing(what, until);
    if (!empty) co_return empty.error();
    co_return body_shape::json; // without inputs
}

task<result<void>> open_form(const request& what, const body_plan& plan, intake& into,
                             limits::shared_bytes& memory, sharer by, deadline until) {
    into.form = std::make_unique<multipart_source>(*what.body, plan.type.boundary, *what.content_length);
    const auto opened = co_await into.form->open(memory, by, until);
    if (!opened) co_return opened.error();
    into.body.source = into.form.get();
    if (!into.form->has_input() && into.form->buffered() == multipart_source::buffering::in_memory) {
        const auto whole = co_await into.form->hold(until);
        if (!whole) co_return whole.error();
    }
    into.body.file_name = into.form->file_name();
    co_return result<void>{};
}

} // namespace

/// The operator may have changed the verified prefixes since the first answer of a key.
api::validation body_intake::checks_of(const request& what, bool came_with_bytes, intake& into) const {
    const bool may_replay = what.what->replays && what.has_idempotency_key;
    return {.what = *what.what,
            .verified_url_prefixes = prefixes_,
            .came_with_bytes = came_with_bytes,
            .unverified = may_replay ? &into.refusal : nullptr,
            .of_dry_run = &into.refusal};
}

result<void> body_intake::take_query(const request& what, intake& into) const {
    into.body.content_type = what.content_type;
    into.body.content_digest = what.content_digest;
    if (what.what->reads_query_itself) return {};
    auto checked = api::check_query(checks_of(what, false, into), what.query);
    if (!checked) return checked.error();
    into.input = std::move(*checked);
    return {};
}

task<result<intake>> body_intake::take(const request& what, body_plan plan, sharer by, deadline until) const {
    intake out;
    if (plan.shape == body_shape::dropped || plan.shape == body_shape::nothing_due) {
        const auto shape = co_await look_for_bytes(what, plan.shape, until);
        if (!shape) co_return shape.error();
        plan.shape = *shape;
    }
    if (plan.shape == body_shape::none) {
        if (const auto good = take_query(what, out); !good) co_return good.error();
        co_return out;
    }
    out.body.content_type = std::string(what.content_type);
    out.body.content_digest = std::string(what.content_digest);
    const bool raw_file = plan.shape == body_shape::raw;
    const auto checks = checks_of(what, raw_file || plan.shape == body_shape::multipart, out);
    if (!raw_file && !what.what->reads_query_itself)
        if (auto stray = api::refuse_query(what.query); !stray) co_return stray.error();

    std::string text;
    if (plan.shape == body_shape::multipart) {
        const auto opened = co_await open_form(what, plan, out, memory_, by, until);
        if (!opened) co_return opened.error();
        text = out.form->input();
    } else if (plan.shape == body_shape::json || plan.shape == body_shape::document) {
        const body_memory memory{&memory_, by, &out.memory};
        auto whole = co_await whole_body(what, memory, until);
        if (!whole) co_return whole.error();
        text = std::move(*whole);
    } else if (raw_file) {
        out.body.source = what.body;
    }
    if (plan.shape == body_shape::document) {
        out.document = std::move(text);
        co_return out;
    }
    if (what.what->reads_query_itself) co_return out;
    auto checked = raw_file ? api::check_query(checks, what.query) : api::check_body(checks, text);
    if (!checked) co_return checked.error();
    out.input = std::move(*checked);
    co_return out;
}

task<result<void>> body_intake::take_rest(multipart_source& form, caller_name caller, deadline until) const {
    if (form.buffered() == multipart_source::buffering::on_disk)
        co_return co_await form.stage(files_, std::move(caller), keep_hours_, until);
    if (form.buffered() == multipart_source::buffering::in_memory && !form.is_held())
        co_return co_await form.hold(until);
    co_return result<void>{};
}

} // namespace gateway::pipeline
