#include "tiktok/put_verdict.hpp"

#include "tiktok/upload_target.hpp"

namespace gateway::tiktok {
namespace {

/// 416: the number in Content-Range is a count or a last index (W15). It is used only if both meanings give
/// the same result, which fails only for a chunk of one byte.
put_outcome classify_progress(const put_answer& answer, chunk piece, std::uint64_t size_bytes) {
    const auto progress = read_progress(answer.content_range, size_bytes);
    if (!progress || piece.size_bytes() == 1) return put_outcome::ask;
    if (*progress == piece.first || *progress + 1 == piece.first) return put_outcome::send_again;
    if (*progress == piece.last || *progress == piece.last + 1) return put_outcome::done;
    return put_outcome::ask;
}

put_outcome classify_success(const put_answer& answer, chunk piece, std::uint64_t size_bytes) {
    if (!answer.all_sent) return put_outcome::ask; // a success although not all bytes were sent
    if (answer.is_page) return put_outcome::ask;   // the bytes may not have reached TikTok
    const bool is_last = piece.last + 1 == size_bytes;
    if (answer.status == 200) return put_outcome::done;
    if (is_last) return answer.status == 201 ? put_outcome::done : put_outcome::ask;
    return answer.status == 206 ? put_outcome::done : put_outcome::ask;
}

} // namespace

bool is_markup(std::string_view body) {
    const auto first = body.find_first_not_of(" \t\r\n");
    return first != std::string_view::npos && body[first] == '<';
}

put_outcome classify_put(const put_answer& answer, chunk piece, std::uint64_t size_bytes) {
    switch (answer.status) {
        case 200:
        case 201:
        case 206:
            return classify_success(answer, piece, size_bytes);
        case 403:
        case 404:
            return put_outcome::start_again;
        case 408:
        case 429:
            return put_outcome::send_again;
        case 416:
            return classify_progress(answer, piece, size_bytes);
        default:
            return answer.status >= 500 ? put_outcome::send_again : put_outcome::refused;
    }
}

resume_point resume_at(std::uint64_t count, chunk piece) {
    if (count == piece.last + 1) return {put_outcome::done, piece.size_bytes()};
    if (count >= piece.first && count <= piece.last) return {put_outcome::send_again, count - piece.first};
    return {};
}

} // namespace gateway::tiktok
