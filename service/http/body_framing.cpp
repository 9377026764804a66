#include "http/body_framing.hpp"

#include <algorithm>
#include <cstring>

namespace gateway::http {

body_framing::body_framing(body_frame frame, std::uint64_t max_bytes, peer from)
    : frame_(frame),
      max_bytes_(max_bytes),
      from_(from),
      complete_(frame.kind == framing::none || (frame.kind == framing::length && frame.length_bytes == 0)),
      chunks_(from) {}

result<void> body_framing::bounded(std::uint64_t bytes) const {
    if (bytes > max_bytes_) return blame(from_, errc::too_large, "The body is larger than is taken here.");
    return {};
}

result<body_piece> body_framing::next(std::string_view bytes) {
    body_piece piece;
    if (complete_) return piece;
    if (frame_.kind == framing::length) {
        const std::uint64_t left = frame_.length_bytes - received_;
        piece.used = static_cast<std::size_t>(std::min<std::uint64_t>(left, bytes.size()));
        piece.data = bytes.substr(0, piece.used);
        complete_ = piece.used == left;
    } else {
        auto decoded = chunks_.next(bytes);
        if (decoded.has_error()) return decoded;
        piece = *decoded;
        complete_ = chunks_.done();
    }
    received_ += piece.data.size();
    if (const auto good = bounded(received_); good.has_error()) return good.error();
    return piece;
}

result<moved_piece> body_framing::compact(std::span<char> bytes) {
    moved_piece moved;
    while (!complete_ && moved.used < bytes.size()) {
        const auto piece = next(std::string_view{bytes.data(), bytes.size()}.substr(moved.used));
        if (piece.has_error()) return piece.error();
        if (!piece->data.empty())
            std::memmove(bytes.data() + moved.data_bytes, piece->data.data(), piece->data.size());
        moved.data_bytes += piece->data.size();
        moved.used += piece->used;
    }
    return moved;
}

} // namespace gateway::http
