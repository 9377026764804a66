// How many pixels a picture has, read from its head while it comes (docs/tiktok-wire.md §5.3, W31): the frame
// header of a JPEG, wherever it lies behind metadata, and the first chunk of a WebP. It keeps a few bytes,
// not the picture. Pure.
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
    /// Nothing: not enough has come, or no head of a JPEG or WebP that tells it.
    std::optional<picture_size> size() const { return size_; }

private:
    enum class format { unknown, jpeg, webp };

    /// Looks at what is held; false: more is needed, or all is said.
    bool step();
    bool step_jpeg();
    void read_webp();
    void drop(std::size_t count);

    format format_ = format::unknown;
    std::string held_;     // not yet understood
    std::size_t skip_ = 0; // bytes of a segment that tells nothing
    bool over_ = false;
    std::optional<picture_size> size_;
};

} // namespace gateway::simulator
