#include "tiktok/media_sniff.hpp"

#include <cstdint>

namespace gateway::tiktok {
namespace {

std::uint32_t big_endian(std::string_view four) {
    std::uint32_t value = 0;
    for (const char c : four.substr(0, 4))
        value = value << 8 | static_cast<unsigned char>(c);
    return value;
}

/// ISO base media and QuickTime: boxes of size and type. Old QuickTime files have no `ftyp` and begin with
/// one of these others.
std::string_view sniff_boxes(std::string_view bytes) {
    if (bytes.size() < 12) return {};
    const std::string_view type = bytes.substr(4, 4);
    if (type == "ftyp") {
        if (big_endian(bytes) < 12) return {};
        return bytes.substr(8, 4) == "qt  " ? "video/quicktime" : "video/mp4";
    }
    for (const std::string_view old : {"moov", "mdat", "wide", "free", "skip", "pnot"})
        if (type == old) return big_endian(bytes) >= 8 || big_endian(bytes) == 1 ? "video/quicktime" : "";
    return {};
}

/// EBML header (RFC 8794) with the document type `webm`; Matroska as such is not among TikTok's containers.
std::string_view sniff_ebml(std::string_view bytes) {
    if (!bytes.starts_with("\x1A\x45\xDF\xA3")) return {};
    const std::size_t doc_type = bytes.substr(0, 64).find("\x42\x82");
    if (doc_type == std::string_view::npos || doc_type + 3 > bytes.size()) return {};
    return bytes.substr(doc_type + 3).starts_with("webm") ? "video/webm" : "";
}

} // namespace

std::string_view sniff_video(std::string_view first_bytes) {
    const std::string_view boxes = sniff_boxes(first_bytes);
    return boxes.empty() ? sniff_ebml(first_bytes) : boxes;
}

} // namespace gateway::tiktok
