#include "user_api/chunk_sender.hpp"

#include "base/backoff.hpp"
#include "base/failpoint.hpp"
#include "runtime/waiter.hpp"
#include "telemetry/call_record.hpp"
#include "telemetry/recorder.hpp"
#include "tiktok/error_table.hpp"
#include "tiktok/media_sniff.hpp"
#include "user_api/api_client.hpp"
#include "user_api/bound_api.hpp"
#include "user_api/retry_policy.hpp"
#include "user_api/upload_observer.hpp"

#include <algorithm>
#include <utility>

namespace gateway::user_api {
namespace {

constexpr std::uint32_t failed_puts_max = 5; // of one chunk
constexpr milliseconds first_wait_bound{250};
constexpr milliseconds wait_bound_max{8'000};

/// A network error after which another connection may work.
bool is_curable(const failure& f) {
    return f.code() == errc::tiktok_unreachable || f.code() == errc::tiktok_error;
}

std::string at_byte(std::uint64_t byte, std::uint64_t size_bytes) {
    return "at byte " + std::to_string(byte) + " of " + std::to_string(size_bytes);
}

/// A form that was received whole keeps its place.
std::optional<limits::shared_bytes::permit> claim_for(body_source& from, std::uint64_t bytes,
                                                      limits::shared_bytes& memory, sharer by) {
    auto claim = from.release_memory();
    if (!claim) return memory.take(by, bytes, steady_now());
    if (!claim->reserve(bytes, steady_now())) claim.reset();
    return claim;
}

class in_flight {
public:
    explicit in_flight(telemetry::recorder& counts) : counts_(counts) { counts_.uploads_in_flight(+1); }
    ~in_flight() { counts_.uploads_in_flight(-1); }
    in_flight(const in_flight&) = delete;
    in_flight& operator=(const in_flight&) = delete;

private:
    telemetry::recorder& counts_;
};

} // namespace

/// The result of one PUT.
struct chunk_sender::put_end {
    std::optional<failure> source_failed; // the upload cannot continue
    std::optional<failure> network_failed;
    outbound::reply reply;
    bool all_sent = false;
};

task<result<void>> chunk_sender::read_piece(tiktok::chunk piece) {
    const auto before = held_.filled_bytes();
    const auto after = std::min<std::uint64_t>(piece.size_bytes(), before + piece_bytes);
    auto there = co_await hold_memory(memory_, after, tiktok_.until());
    if (!there) co_return there;
    auto read = co_await held_.read_more(piece.size_bytes(), tiktok_.until());
    memory_.came(held_.filled_bytes() - before, steady_now());
    co_return read;
}

/// Held bytes from `offset` on; reads more if there are none. The last piece is given only after the source
/// has ended, so that a wrong size is found before TikTok has all bytes.
task<result<std::string_view>> chunk_sender::next_piece(tiktok::chunk piece, std::uint64_t offset) {
    const deadline until = tiktok_.until();
    if (offset == held_.filled_bytes()) {
        auto read = co_await read_piece(piece);
        if (!read) co_return read.error();
    }
    const std::string_view bytes = held_.piece_at(offset);
    if (is_last(piece) && offset + bytes.size() == piece.size_bytes() && !end_seen_) {
        auto there = co_await hold_memory(memory_, held_.filled_bytes(), until); // it waits for its source
        if (!there) co_return there.error();
        auto ended = co_await held_.expect_end(until);
        memory_.came(0, steady_now());
        if (!ended) co_return ended.error();
        end_seen_ = true;
    }
    co_return bytes;
}

task<std::optional<failure>> chunk_sender::pass_on(outbound::exchange& to, tiktok::chunk piece,
                                                   std::uint64_t offset, put_end& end) {
    const deadline until = tiktok_.until();
    while (offset < piece.size_bytes()) {
        auto bytes = co_await next_piece(piece, offset);
        if (!bytes) {
            end.source_failed = bytes.error();
            co_return std::nullopt;
        }
        auto goes_on = co_await to.write(*bytes, until);
        if (!goes_on) co_return goes_on.error();
        offset += bytes->size();
        shared_.recorder_.uploaded(bytes->size());
        for (auto* const one : {observer_, shared_.observer_})
            if (one) one->bytes_sent(id_, piece.first + offset, plan_.size_bytes);
        if (!*goes_on) break;
    }
    end.all_sent = offset == piece.size_bytes();
    whole_sent_ = whole_sent_ || (end.all_sent && is_last(piece));
    auto reply = co_await to.finish(until);
    if (!reply) co_return reply.error();
    end.reply = std::move(*reply);
    co_return std::nullopt;
}

task<chunk_sender::put_end> chunk_sender::put(tiktok::chunk piece, std::uint64_t offset) {
    put_end end;
    const steady_time began = steady_now();
    const tiktok::chunk rest{piece.first + offset, piece.last};
    std::string head = tiktok::write_put_head(target_, rest, plan_.size_bytes, content_type_);
    auto exchange = co_await shared_.client_.begin(outbound::no_window{}, target_.to, std::move(head),
                                                   tiktok_.until(), tiktok_.record().by);
    if (!exchange) {
        end.network_failed = exchange.error();
    } else {
        end.network_failed = co_await pass_on(**exchange, piece, offset, end);
    }
    count(end, std::chrono::duration_cast<milliseconds>(steady_now() - began));
    co_return end;
}

void chunk_sender::count(const put_end& end, milliseconds took) {
    if (end.source_failed) return;
    telemetry::call_record& record = tiktok_.record();
    ++record.upstream_calls;
    record.upstream_time += took;
    std::string_view label = "unreachable";
    if (!end.network_failed) {
        const tiktok_error_text words{end.reply.status, {}, {}, {}};
        label = end.reply.status < 300 ? "ok" : tiktok::code_label(words);
    }
    shared_.recorder_.upstream_call(tiktok::row_of(tiktok::endpoint::upload).name, label, took);
}

failure chunk_sender::broke_off(tiktok::chunk piece, std::string why) const {
    return {errc::tiktok_error, std::move(why) + " The upload broke off "
                                    + at_byte(piece.first, plan_.size_bytes) + "; start it again."};
}

failure chunk_sender::gave_up(tiktok::chunk piece, const put_end& end) const {
    if (!end.network_failed)
        return broke_off(piece, "TikTok's upload host answered with HTTP status "
                                    + std::to_string(end.reply.status) + ".");
    return {end.network_failed->code(), "The connection to TikTok's upload host failed "
                                            + at_byte(piece.first, plan_.size_bytes)
                                            + "; start the upload again."};
}

/// Asks TikTok how many bytes it has (docs/tiktok-wire.md §5.2, "Lost answer"). If that fails, sending the
/// same bytes again does no harm: TikTok refuses bytes that it has with 416.
task<result<tiktok::resume_point>> chunk_sender::ask(tiktok::chunk piece, std::uint64_t offset) {
    const tiktok::resume_point same_again{tiktok::put_outcome::send_again, offset};
    auto status = co_await tiktok_.fetch_status(id_);
    if (!status) co_return same_again;
    if (status->status == "FAILED") co_return broke_off(piece, "TikTok gave this upload up.");
    const bool has_all = status->status != "PROCESSING_UPLOAD";
    if (!has_all && !status->uploaded_bytes) co_return same_again;
    co_return tiktok::resume_at(has_all ? plan_.size_bytes : *status->uploaded_bytes, piece);
}

/// Checks TikTok's answer: it cannot have bytes that were not read yet, and bytes missing before the chunk
/// cannot be sent any more.
bool chunk_sender::is_possible(const tiktok::resume_point& at) const {
    return at.what != tiktok::put_outcome::refused && at.offset <= held_.filled_bytes();
}

task<result<int>> chunk_sender::try_chunk(tiktok::chunk piece) {
    tiktok::resume_point at{tiktok::put_outcome::send_again, 0};
    for (std::uint32_t failed = 0;;) {
        put_end end = co_await put(piece, at.offset);
        if (end.source_failed) co_return *end.source_failed;
        if (end.network_failed && !is_curable(*end.network_failed)) co_return gave_up(piece, end);

        at.what = tiktok::put_outcome::ask;
        if (!end.network_failed) {
            const tiktok::put_answer answer{end.reply.status, end.reply.content_range, end.all_sent,
                                            tiktok::is_markup(end.reply.body())};
            const tiktok::chunk sent{piece.first + at.offset, piece.last};
            at.what = tiktok::classify_put(answer, sent, plan_.size_bytes);
        }
        if (at.what == tiktok::put_outcome::start_again)
            co_return broke_off(piece, "TikTok's upload address is no longer valid.");
        if (at.what == tiktok::put_outcome::done && held_.filled_bytes() == piece.size_bytes())
            co_return end.reply.status < 300 ? end.reply.status : 201;
        if (at.what == tiktok::put_outcome::done || at.what == tiktok::put_outcome::refused
            || ++failed >= failed_puts_max)
            co_return gave_up(piece, end);

        const milliseconds wait = jittered_backoff(first_wait_bound, failed, wait_bound_max, random_unit());
        if (wait >= tiktok_.until().left(steady_now())) co_return gave_up(piece, end);
        co_await pause_until(deadline::in(steady_now(), wait));
        if (at.what == tiktok::put_outcome::send_again) continue;
        auto told_by_tiktok = co_await ask(piece, at.offset);
        if (!told_by_tiktok) co_return told_by_tiktok.error();
        at = *told_by_tiktok;
        if (!is_possible(at)) co_return broke_off(piece, "TikTok's count of this upload does not fit.");
        if (at.what == tiktok::put_outcome::done) co_return 201;
    }
}

/// If a PUT has sent the last byte, a later failure (a refused repeat or a lost answer) does not show whether
/// that PUT succeeded: TikTok's status may show it, else the outcome is unknown (I05, M03).
task<result<int>> chunk_sender::send_chunk(tiktok::chunk piece) {
    auto sent = co_await try_chunk(piece);
    if (sent || !whole_sent_) co_return sent;
    auto status = co_await tiktok_.fetch_status(id_);
    if (status && status->status == "FAILED") co_return broke_off(piece, "TikTok gave this upload up.");
    const bool has_all =
        status && (status->status != "PROCESSING_UPLOAD" || status->uploaded_bytes == plan_.size_bytes);
    if (has_all) co_return 201;
    co_return failure(sent.error().code(),
                      "TikTok may have this whole video, though the answer to its last chunk "
                      "was lost or refused; ask for the status of "
                          + id_.text() + " before you start again.")
        .may_have_reached_tiktok();
}

chunk_sender::chunk_sender(api_client& shared, bound_api& tiktok, body_source& from,
                           const tiktok::chunk_plan& plan, limits::shared_bytes::permit memory)
    : shared_(shared),
      tiktok_(tiktok),
      memory_(std::move(memory)),
      gives_way_(from, memory_),
      plan_(plan),
      held_(from, plan.largest_chunk_bytes()) {}

task<result<std::unique_ptr<chunk_sender>>> chunk_sender::prepare(api_client& shared, bound_api& tiktok,
                                                                  body_source& from,
                                                                  tiktok::chunk_plan plan) {
    auto memory = claim_for(from, plan.largest_chunk_bytes(), shared.upload_memory_, tiktok.record().by);
    if (!memory) co_return no_memory_left();
    auto made = std::make_unique<chunk_sender>(shared, tiktok, from, plan, std::move(*memory));
    const tiktok::chunk first = plan.at(0);
    while (made->held_.filled_bytes() < std::min<std::uint64_t>(first.size_bytes(), tiktok::sniff_bytes)) {
        auto read = co_await made->read_piece(first);
        if (!read) co_return read.error();
    }
    const auto media = tiktok::sniff_video(made->held_.piece_at(0));
    if (media.content_type.empty()) co_return tiktok::no_video(media);
    made->content_type_ = media.content_type;
    co_return std::move(made);
}

task<result<sent_video>> chunk_sender::send(publish_id id, std::string upload_url) {
    auto target = tiktok::trust_upload_url(upload_url, shared_.upload_hosts_);
    if (!target) co_return target.error();
    target_ = std::move(*target);
    id_ = std::move(id);
    const in_flight counted(shared_.recorder_);

    sent_video out;
    for (std::uint64_t i = 0; i < plan_.chunk_count; ++i) {
        if (i > 0) held_.next();
        auto status = co_await send_chunk(plan_.at(i));
        if (!status) co_return status.error();
        out.last_status = *status;
        if (observer_) observer_->chunk_taken(id_, plan_.at(i).last + 1, plan_.size_bytes);
        failpoint("upload.chunk_taken");
    }
    out.sha256 = to_hex(held_.finish_digest());
    co_return out;
}

} // namespace gateway::user_api
