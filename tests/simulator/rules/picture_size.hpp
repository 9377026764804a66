// Reads a picture's size in pixels from its head while it arrives (docs/tiktok-wire.md §5.3, W31): from the
// frame header of a JPEG, after any metadata, or from the first chunk of a WebP. It keeps a few bytes, not
// the picture. Pure.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace gateway::simulator {

struct picture_size {
    std::int64_t width = 0;
    std::int64_t height = 0;

    std::int64_t shorter_side() const { return width < height ? width : height; }
};

class picture_head {
public:
    /// The next bytes of the file, in pieces of any size.
    void take(std::string_view piece);
    /// Nothing if too few bytes have arrived, or if it is not the head of a JPEG or WebP.
    std::optional<picture_size> size() const { return size_; }

private:
    enum class format { unknown, jpeg, webp };

    /// Processes the held bytes; false if more are needed or the size is known.
    bool step();
    bool step_jpeg();
    void read_webp();
    void drop(std::size_t count);

    format format_ = format::unknown;
    std::string held_;     // not yet processed
    std::size_t skip_ = 0; // bytes to skip of a segment without a size
    bool over_ = false;
    std::optional<picture_size> size_;
};

} // namespace gateway::simulator
