#include "endpoints/upload.hpp"

#include "rules/chunk_rules.hpp"
#include "rules/media_type.hpp"

#include <charconv>

namespace gateway::simulator {

namespace {

struct byte_range {
    std::int64_t first = 0;
    std::int64_t last = 0;
    std::int64_t total = 0;
};

bool read_number(std::string_view& text, std::int64_t& into) {
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), into);
    if (problem != std::errc{} || into < 0) return false;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return true;
}

bool skip(std::string_view& text, std::string_view what) {
    if (!text.starts_with(what)) return false;
    text.remove_prefix(what.size());
    return true;
}

/// `bytes {first}-{last}/{total}`.
std::optional<byte_range> read_range(std::string_view text) {
    byte_range range;
    const bool well_formed = skip(text, "bytes ") && read_number(text, range.first) && skip(text, "-")
                             && read_number(text, range.last) && skip(text, "/")
                             && read_number(text, range.total) && text.empty();
    if (!well_formed || range.last < range.first || range.last >= range.total) return std::nullopt;
    return range;
}

bool is_video_type(std::string_view content_type) {
    return content_type == "video/mp4" || content_type == "video/quicktime" || content_type == "video/webm";
}

answer bare(int status) {
    answer out;
    out.status = status;
    out.content_type.clear();
    return out;
}

answer progress(const world& w, const post& one, int status) {
    answer out = bare(status);
    const std::string total = std::to_string(one.size_bytes);
    const bool count = w.config.choice.progress_header == "count";
    out.headers.emplace_back(
        "Content-Range",
        one.uploaded_bytes == 0
            ? "bytes */" + total
            : "bytes 0-" + std::to_string(one.uploaded_bytes - (count ? 0 : 1)) + "/" + total);
    return out;
}

chunk_plan plan_of(const post& one) {
    return {one.size_bytes, one.chunk_size, one.total_chunk_count};
}

/// The post of the URL, or the status of the refusal.
post* find_target(call& c, answer& refusal) {
    const auto query = parse_form(c.in.query);
    post* one = query ? c.w.posts.find_upload(field_or_empty(*query, "upload_id")) : nullptr;
    if (c.in.method != "PUT" || c.in.path != "/video/" || !one
        || field_or_empty(*query, "upload_token") != one->upload_token) {
        refusal = bare(404);
        return nullptr;
    }
    c.record.publish_id = one->publish_id;
    c.record.account = one->username;
    c.record.client_key = one->client_key;
    if (c.w.now() >= one->upload_expires_at) {
        refusal = bare(403);
        return nullptr;
    }
    return one;
}

/// Adds the received bytes of a chunk to the post.
void store(post& one, const chunk_in_flight& chunk) {
    one.chunks.push_back({chunk.first, chunk.first + chunk.received - 1});
    one.uploaded_bytes = chunk.first + chunk.received;
    one.digest = chunk.digest;
    one.head = chunk.head;
}

} // namespace

void chunk_in_flight::take(std::string_view piece) {
    if (!repeated) {
        if (head.size() < sniffed_bytes) head.append(piece.substr(0, sniffed_bytes - head.size()));
        digest.update(piece);
    }
    received += static_cast<std::int64_t>(piece.size());
}

answer refuse_length(const world& w) {
    constexpr int bad_request = 400, bad_gateway = 502;
    return bare(w.config.choice.wrong_length == "502" ? bad_gateway : bad_request);
}

upload_start begin_upload(call& c, std::optional<std::uint64_t> length) {
    upload_start start;
    answer refusal;
    post* one = find_target(c, refusal);
    if (!one) {
        start.refusal = refusal;
        return start;
    }
    const auto range = read_range(c.in.header("content-range"));
    if (!range || range->total != one->size_bytes || !is_video_type(c.in.header("content-type"))) {
        start.refusal = bare(400);
        return start;
    }
    if (!length || *length != static_cast<std::uint64_t>(range->last - range->first + 1)) {
        start.refusal = refuse_length(c.w);
        return start;
    }
    const bool repeated = range->last < one->uploaded_bytes && c.w.config.choice.repeated_range == "accept";
    const bool continues =
        range->first == one->uploaded_bytes && range->last == planned_last(plan_of(*one), range->first);
    if (!one->running() || (!repeated && !continues)) {
        start.refusal = progress(c.w, *one, 416);
        return start;
    }
    chunk_in_flight& chunk = start.chunk.emplace();
    chunk.publish_id = one->publish_id;
    chunk.first = range->first;
    chunk.last = range->last;
    chunk.repeated = repeated;
    chunk.digest = one->digest;
    chunk.head = one->head;
    return start;
}

answer finish_upload(world& w, const chunk_in_flight& chunk) {
    post* one = w.posts.find(chunk.publish_id);
    if (!one) return bare(404);
    if (!chunk.repeated) {
        if (one->uploaded_bytes != chunk.first || !one->running()) return progress(w, *one, 416);
        store(*one, chunk);
    }
    if (one->uploaded_bytes < one->size_bytes) return progress(w, *one, 206);
    if (!chunk.repeated) {
        one->sha256 = one->digest.hex();
        const account* owner = w.find_account(one->username);
        w.posts.bytes_complete(*one, owner ? owner->facts.fail_posts_with : "", w.config.timing, w.now());
    }
    return progress(w, *one, 201);
}

void abandon_upload(world& w, chunk_in_flight& chunk) {
    post* one = w.posts.find(chunk.publish_id);
    const bool keeps = w.config.choice.partial_chunk == "kept" && !chunk.repeated && chunk.received > 0;
    if (one && keeps && one->running() && one->uploaded_bytes == chunk.first) store(*one, chunk);
}

} // namespace gateway::simulator
