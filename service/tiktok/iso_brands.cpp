#include "tiktok/iso_brands.hpp"

#include <cstddef>

namespace gateway::tiktok {
namespace {

constexpr std::size_t brand_bytes = 4;

struct brand_line {
    iso_content content;
    std::string_view brands; // separated by |
};

constexpr brand_line table[] = {
    {iso_content::structure, "isom|iso2|iso3|iso4|iso5|iso6|iso7|iso8|iso9|isoa|isob|isoc"},
    {iso_content::video,
     "mp41|mp42|mp71|avc1|hvc1|hev1|av01|mp4v|mmp4|MSNV|M4V |M4VH|M4VP|f4v |F4V |F4P |XAVC"},
    {iso_content::video,
     "3gp1|3gp2|3gp3|3gp4|3gp5|3gp6|3gp7|3gp8|3gp9|3gr6|3gs6|3ge6|3gg6|3g2a|3g2b|3g2c|KDDI"},
    {iso_content::video,
     "dash|msdh|msix|cmfc|cmf2|cmfv|niko|CAEP|caqv|NDSC|NDSH|NDSM|NDSP|NDXC|NDXH|NDXM|NDXP"},
    {iso_content::quicktime, "qt  |mqt "},
    // ISO/IEC 23008-12 (HEIF) and formats based on it: pictures and sequences of pictures.
    {iso_content::picture,
     "mif1|mif2|msf1|miaf|1pic|MiHA|MiHB|MiHE|MiPr|MiAn|MiBu|MiCm|MA1A|MA1B|jpeg|jpgs|j2ki"},
    {iso_content::picture,
     "heic|heix|heim|heis|hevc|hevx|hevm|hevs|avif|avis|avio|avci|avcs|vvic|vvis|evbi|evbs"},
    {iso_content::sound, "M4A |M4B |M4P |F4A |F4B |aax |cmfa"},
    {iso_content::raw_photo, "crx "},
};

bool says_what_is_inside(iso_content content) {
    return content != iso_content::unknown && content != iso_content::structure;
}

} // namespace

iso_content content_of_brand(std::string_view brand) {
    if (brand.size() != brand_bytes) return iso_content::unknown;
    for (const auto& line : table)
        for (std::size_t at = 0; at < line.brands.size(); at += brand_bytes + 1)
            if (line.brands.substr(at, brand_bytes) == brand) return line.content;
    return iso_content::unknown;
}

iso_content content_of_file(std::string_view major, std::string_view compatible) {
    const auto by_major = content_of_brand(major);
    if (says_what_is_inside(by_major)) return by_major;
    iso_content found = by_major;
    for (; compatible.size() >= brand_bytes; compatible.remove_prefix(brand_bytes)) {
        const auto next = content_of_brand(compatible.substr(0, brand_bytes));
        if (next == iso_content::video || next == iso_content::quicktime) return next;
        if (says_what_is_inside(next) && !says_what_is_inside(found)) found = next;
    }
    return found;
}

} // namespace gateway::tiktok
