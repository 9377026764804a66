#include "pipeline/intake.hpp"

#include "actions/validate.hpp"
#include "pipeline/body_reader.hpp"

#include <utility>

namespace gateway::pipeline {
namespace {

/// Absent bodies and empty ones are one thing.
task<result<std::string>> whole_body(const request& what, deadline until) {
    if (!what.body || !what.has_body) co_return std::string{};
    co_return co_await read_whole(*what.body, what.what->body_bytes_max, until);
}

task<result<void>> open_form(const request& what, const body_plan& plan, intake& into, deadline until) {
    into.form = std::make_unique<multipart_source>(*what.body, plan.type.boundary, *what.content_length);
    const auto opened = co_await into.form->open(until);
    if (!opened) co_return opened.error();
    into.body.source = into.form.get();
    into.body.file_name = into.form->file_name();
    co_return result<void>{};
}

} // namespace

task<result<intake>> take_in(const request& what, body_plan plan, const settings::tiktok& rules,
                             deadline until) {
    intake out;
    out.body.content_type = std::string(what.content_type);
    out.body.content_digest = std::string(what.content_digest);
    const bool raw_file = plan.shape == body_shape::raw;
    const bool from_query = plan.shape == body_shape::none || raw_file;
    const actions::validation checks{.what = *what.what,
                                     .verified_url_prefixes = rules.verified_url_prefixes,
                                     .came_with_bytes = raw_file || plan.shape == body_shape::multipart};
    if (!from_query && !what.what->reads_query_itself)
        if (auto stray = actions::refuse_query(what.query); !stray) co_return stray.error();

    std::string text;
    if (plan.shape == body_shape::multipart) {
        const auto opened = co_await open_form(what, plan, out, until);
        if (!opened) co_return opened.error();
        text = out.form->input();
    } else if (plan.shape == body_shape::json || plan.shape == body_shape::document) {
        auto whole = co_await whole_body(what, until);
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
    auto checked = from_query ? actions::check_query(checks, what.query) : actions::check_body(checks, text);
    if (!checked) co_return checked.error();
    out.input = std::move(*checked);
    co_return out;
}

} // namespace gateway::pipeline
