#include "tiktok/media_sniff.hpp"

#include "tiktok/iso_brands.hpp"

#include <algorithm>
#include <cstdint>

namespace gateway::tiktok {
namespace {

std::uint32_t big_endian(std::string_view four) {
    std::uint32_t value = 0;
    for (const char c : four.substr(0, 4))
        value = value << 8 | static_cast<unsigned char>(c);
    return value;
}

sniffed_media of(iso_content content) {
    switch (content) {
        case iso_content::quicktime:
            return {"video/quicktime", {}};
        case iso_content::picture:
            return {{}, "a picture"};
        case iso_content::sound:
            return {{}, "sound without a video"};
        case iso_content::raw_photo:
            return {{}, "a camera's raw picture"};
        case iso_content::video:
        case iso_content::structure:
        case iso_content::unknown: // perhaps of an unknown camera: TikTok decides
            break;
    }
    return {"video/mp4", {}};
}

/// The box `ftyp`: the major brand, a version, and the compatible brands up to the box's end.
sniffed_media sniff_brands(std::string_view bytes) {
    const std::size_t size = big_endian(bytes);
    if (size < 12) return {};
    const std::string_view box = bytes.substr(0, std::min(size, bytes.size()));
    const std::string_view compatible = box.size() > 16 ? box.substr(16) : std::string_view{};
    return of(content_of_file(box.substr(8, 4), compatible));
}

/// ISO base media and QuickTime: boxes of size and type. Old QuickTime files have no `ftyp` and begin with
/// one of the other boxes.
sniffed_media sniff_boxes(std::string_view bytes) {
    if (bytes.size() < 12) return {};
    const std::string_view type = bytes.substr(4, 4);
    if (type == "ftyp") return sniff_brands(bytes);
    for (const std::string_view old : {"moov", "mdat", "wide", "free", "skip", "pnot"})
        if (type == old && (big_endian(bytes) >= 8 || big_endian(bytes) == 1)) return {"video/quicktime", {}};
    return {};
}

/// EBML header (RFC 8794) with the document type `webm`; TikTok does not accept other Matroska files.
std::string_view sniff_ebml(std::string_view bytes) {
    if (!bytes.starts_with("\x1A\x45\xDF\xA3")) return {};
    const std::size_t doc_type = bytes.substr(0, 64).find("\x42\x82");
    if (doc_type == std::string_view::npos || doc_type + 3 > bytes.size()) return {};
    return bytes.substr(doc_type + 3).starts_with("webm") ? "video/webm" : "";
}

} // namespace

sniffed_media sniff_video(std::string_view first_bytes) {
    const auto boxes = sniff_boxes(first_bytes);
    if (!boxes.content_type.empty() || !boxes.found.empty()) return boxes;
    return {sniff_ebml(first_bytes), {}};
}

failure no_video(const sniffed_media& media) {
    constexpr std::string_view wanted = "an MP4, MOV or WebM video";
    const std::string reason = media.found.empty()
                                   ? "is not " + std::string(wanted)
                                   : "is " + std::string(media.found) + ", not " + std::string(wanted);
    std::vector<field_fault> faults{{"file_to_upload", reason}};
    return failure(errc::invalid_input, "The file " + reason + ".").fields(std::move(faults));
}

} // namespace gateway::tiktok
