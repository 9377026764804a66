// The brands of ISO base media files (ISO/IEC 14496-12 §4.3, registered at mp4ra.org): what a file says it
// is. Videos, pictures and sound share the container, and only the brands tell them apart. Pure.
#pragma once
#include <string_view>

namespace gateway::tiktok {

enum class iso_content {
    unknown,   // a brand we have no line for
    structure, // which boxes a file may have; says nothing of what is in it
    video,
    quicktime,
    picture,
    sound,
    raw_photo
};

/// Of one brand: four bytes, blanks included.
iso_content content_of_brand(std::string_view brand);

/// Of a file. The major brand decides where it says what is inside: phones write `mp42` with `M4A ` among the
/// compatible ones for videos, iTunes writes `M4A ` with `mp42` for sound. A major brand that is unknown, or
/// is about structure only, leaves it to the compatible ones, of which those of videos come first.
/// `compatible`: the brands behind each other.
iso_content content_of_file(std::string_view major, std::string_view compatible);

} // namespace gateway::tiktok
