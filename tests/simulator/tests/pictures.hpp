// Makes heads of pictures of any size for tests: enough of a file to contain its size.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace gateway::simulator::testing {

inline std::string bytes_of(std::int64_t value, int count, bool big_end_first) {
    std::string out;
    for (int i = 0; i < count; ++i) {
        const int shift = 8 * (big_end_first ? count - 1 - i : i);
        out += static_cast<char>(static_cast<std::uint64_t>(value) >> shift & 0xFF);
    }
    return out;
}

inline std::string jpeg_segment(unsigned char marker, std::string_view content) {
    return std::string("\xFF") + static_cast<char>(marker)
           + bytes_of(static_cast<std::int64_t>(content.size()) + 2, 2, true) + std::string(content);
}

/// `frame`: the marker of its frame header (0xC0 baseline, 0xC2 progressive); `before`: segments before that.
inline std::string jpeg(std::int64_t width, std::int64_t height, unsigned char frame = 0xC0,
                        const std::string& before = jpeg_segment(0xE0, "JFIF")) {
    const std::string three_components(9, '\x01');
    return "\xFF\xD8" + before
           + jpeg_segment(frame, "\x08" + bytes_of(height, 2, true) + bytes_of(width, 2, true) + "\x03"
                                     + three_components)
           + jpeg_segment(0xDA, "scan") + std::string(50, '\x11') + "\xFF\xD9";
}

inline std::string webp(std::string_view chunk, const std::string& content) {
    return "RIFF" + bytes_of(static_cast<std::int64_t>(content.size()) + 12, 4, false) + "WEBP"
           + std::string(chunk) + bytes_of(static_cast<std::int64_t>(content.size()), 4, false) + content;
}
inline std::string webp_lossy(std::int64_t width, std::int64_t height) {
    constexpr std::int64_t scaled =
        0x4000; // the two bits above the size request scaling and do not belong to it
    return webp("VP8 ", std::string(3, '\x10') + "\x9D\x01\x2A" + bytes_of(width | scaled, 2, false)
                            + bytes_of(height, 2, false) + std::string(20, '\x22'));
}
inline std::string webp_lossless(std::int64_t width, std::int64_t height) {
    return webp("VP8L",
                "\x2F" + bytes_of((width - 1) | (height - 1) << 14, 4, false) + std::string(20, '\x22'));
}
inline std::string webp_extended(std::int64_t width, std::int64_t height) {
    return webp("VP8X",
                std::string(4, '\0') + bytes_of(width - 1, 3, false) + bytes_of(height - 1, 3, false));
}

} // namespace gateway::simulator::testing
