#include "rules/media_type.hpp"

namespace gateway::simulator {

media_type sniff(std::string_view head) {
    using std::string_view_literals::operator""sv;
    if (head.starts_with("\x1A\x45\xDF\xA3"sv)) return media_type::webm;
    if (head.starts_with("\xFF\xD8\xFF"sv)) return media_type::jpeg;
    if (head.starts_with("\x89PNG\r\n\x1A\n"sv)) return media_type::png;
    if (head.size() >= 12 && head.starts_with("RIFF"sv) && head.substr(8, 4) == "WEBP"sv)
        return media_type::webp;
    if (head.size() < 8) return media_type::unknown;
    const std::string_view box = head.substr(4, 4); // ISO base media: size, then the type of the first box
    if (box == "ftyp"sv) return head.substr(8, 4) == "qt  "sv ? media_type::mov : media_type::mp4;
    // QuickTime files of before `ftyp` begin with one of these.
    for (const std::string_view one : {"moov"sv, "mdat"sv, "wide"sv, "free"sv, "skip"sv, "pnot"sv}) {
        if (box == one) return media_type::mov;
    }
    return media_type::unknown;
}

std::string_view name_of(media_type type) {
    switch (type) {
        case media_type::mp4:
            return "mp4";
        case media_type::mov:
            return "mov";
        case media_type::webm:
            return "webm";
        case media_type::jpeg:
            return "jpeg";
        case media_type::webp:
            return "webp";
        case media_type::png:
            return "png";
        case media_type::unknown:
            break;
    }
    return "unknown";
}

bool is_video(media_type type) {
    return type == media_type::mp4 || type == media_type::mov || type == media_type::webm;
}

bool is_photo(media_type type) {
    return type == media_type::jpeg || type == media_type::webp;
}

} // namespace gateway::simulator
