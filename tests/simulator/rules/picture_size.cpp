#include "rules/picture_size.hpp"

#include "rules/media_type.hpp"

#include <algorithm>

namespace gateway::simulator {

namespace {

constexpr std::size_t webp_head_bytes = 30; // RIFF header, the first chunk's header, and its ten first bytes
constexpr std::size_t frame_head_bytes = 9; // marker, length, precision, height, width

std::int64_t byte_at(std::string_view bytes, std::size_t at) {
    return static_cast<unsigned char>(bytes[at]);
}
std::int64_t big_16(std::string_view bytes, std::size_t at) {
    return byte_at(bytes, at) << 8 | byte_at(bytes, at + 1);
}
std::int64_t little_16(std::string_view bytes, std::size_t at) {
    return byte_at(bytes, at) | byte_at(bytes, at + 1) << 8;
}
std::int64_t little_24(std::string_view bytes, std::size_t at) {
    return little_16(bytes, at) | byte_at(bytes, at + 2) << 16;
}

/// SOF0 to SOF15 without DHT, JPG and DAC, whose numbers are between them.
bool begins_frame(std::int64_t marker) {
    return marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
}
/// TEM, RST0 to RST7 and SOI: two bytes without a segment.
bool stands_alone(std::int64_t marker) {
    return marker == 0x01 || (marker >= 0xD0 && marker <= 0xD8);
}
/// The picture itself (SOS) or its end (EOI): no frame header follows.
bool ends_head(std::int64_t marker) {
    return marker == 0xDA || marker == 0xD9;
}

std::optional<picture_size> if_any(std::int64_t width, std::int64_t height) {
    if (width < 1 || height < 1) return std::nullopt;
    return picture_size{width, height};
}

} // namespace

void picture_head::take(std::string_view piece) {
    while (!over_ && !piece.empty()) {
        const std::size_t skipped = std::min(skip_, piece.size());
        skip_ -= skipped;
        piece.remove_prefix(skipped);
        // At most the head of a WebP is needed at a time.
        const std::size_t taken =
            std::min(webp_head_bytes - std::min(held_.size(), webp_head_bytes), piece.size());
        held_.append(piece.substr(0, taken));
        piece.remove_prefix(taken);
        while (step()) {
        }
    }
}

bool picture_head::step() {
    if (over_ || skip_ > 0) return false;
    if (format_ == format::jpeg) return step_jpeg();
    if (held_.size() < sniffed_bytes) return false;
    const media_type type = sniff(held_);
    if (type == media_type::jpeg) {
        format_ = format::jpeg;
        return true;
    }
    if (type != media_type::webp) {
        over_ = true;
    } else if (held_.size() >= webp_head_bytes) {
        read_webp();
    }
    return false;
}

bool picture_head::step_jpeg() {
    if (held_.size() < 2) return false;
    const std::int64_t marker = byte_at(held_, 1);
    if (byte_at(held_, 0) != 0xFF || ends_head(marker)) {
        over_ = true;
        return false;
    }
    if (marker == 0xFF || stands_alone(marker)) { // any number of FF bytes may precede a marker
        drop(marker == 0xFF ? 1 : 2);
        return true;
    }
    if (held_.size() < (begins_frame(marker) ? frame_head_bytes : 4)) return false;
    if (begins_frame(marker)) {
        size_ = if_any(big_16(held_, 7), big_16(held_, 5));
        over_ = true;
        return false;
    }
    constexpr std::int64_t shortest_segment = 2; // the length includes itself
    const std::int64_t length = big_16(held_, 2);
    over_ = length < shortest_segment;
    drop(static_cast<std::size_t>(length) + 2);
    return !over_;
}

/// RFC 9649 §2.5 to §2.7: a lossy frame, a lossless one, or the canvas of the extended form.
void picture_head::read_webp() {
    using std::string_view_literals::operator""sv;
    over_ = true;
    const std::string_view head = held_;
    const std::string_view chunk = head.substr(12, 4);
    constexpr std::int64_t low_14_bits = 0x3FFF;
    if (chunk == "VP8 "sv && head.substr(23, 3) == "\x9D\x01\x2A"sv) {
        size_ = if_any(little_16(head, 26) & low_14_bits, little_16(head, 28) & low_14_bits);
    } else if (chunk == "VP8L"sv && byte_at(head, 20) == 0x2F) {
        const std::int64_t bits = little_24(head, 21) | byte_at(head, 24) << 24;
        size_ = picture_size{(bits & low_14_bits) + 1, (bits >> 14 & low_14_bits) + 1};
    } else if (chunk == "VP8X"sv) {
        size_ = picture_size{little_24(head, 24) + 1, little_24(head, 27) + 1};
    }
}

void picture_head::drop(std::size_t count) {
    const std::size_t here = std::min(count, held_.size());
    held_.erase(0, here);
    skip_ = count - here;
}

} // namespace gateway::simulator
