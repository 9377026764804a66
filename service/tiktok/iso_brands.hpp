// The brands of ISO base media files (ISO/IEC 14496-12 §4.3, registered at mp4ra.org). Videos, pictures and
// sound use the same container and differ only by their brands. Pure.
#pragma once
#include <string_view>

namespace gateway::tiktok {

enum class iso_content {
    unknown,   // a brand that is not in the table
    structure, // about the structure of the file, not about its content
    video,
    quicktime,
    picture,
    sound,
    raw_photo
};

/// For one brand: four bytes, including blanks.
iso_content content_of_brand(std::string_view brand);

/// For a file. The major brand decides if it is about content: phones write `mp42` with `M4A ` among the
/// compatible brands for videos, iTunes writes `M4A ` with `mp42` for sound. If the major brand is unknown or
/// only about structure, the compatible brands decide, those of videos first. `compatible`: the brands joined
/// together.
iso_content content_of_file(std::string_view major, std::string_view compatible);

} // namespace gateway::tiktok
