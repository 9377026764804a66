// TikTok's answer, validated once and not taken apart: bytes, and where its `data` lies in them.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>

namespace gateway::tiktok {

struct document {
    std::string bytes; // as received; strictly valid JSON
    std::size_t data_at = 0;
    std::size_t data_size = 0; // 0: there was no `data`, which stands for {}
    std::string log_id;

    std::string_view data() const {
        return data_size == 0 ? std::string_view{"{}"} : std::string_view(bytes).substr(data_at, data_size);
    }
};

} // namespace gateway::tiktok
