// TikTok's validated answer: its bytes and the position of `data` in them.
#pragma once
#include "base/memory/wiped_text.hpp"

#include <cstddef>
#include <string_view>

namespace gateway::tiktok {

struct document {
    wiped_text bytes; // as received, with the head; the body is strictly valid JSON
    std::size_t data_at = 0;
    std::size_t data_size = 0;        // 0: no `data`, which means {}
    bool may_name_credentials = true; // false: no member is named like one (scan_answer)
    std::size_t log_id_at = 0;
    std::size_t log_id_size = 0; // 0: none that can be shown

    std::string_view data() const {
        return data_size == 0 ? std::string_view{"{}"} : std::string_view(bytes).substr(data_at, data_size);
    }
    std::string_view log_id() const { return std::string_view(bytes).substr(log_id_at, log_id_size); }
};

} // namespace gateway::tiktok
