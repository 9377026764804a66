#include "base/result.hpp"

#include "base/told_faults.hpp"

namespace gateway {

std::string_view name_of(limit_scope scope) {
    constexpr std::string_view names[] = {"caller", "tiktok_user", "tiktok_app", "tiktok_daily", "address"};
    return names[static_cast<std::size_t>(scope)];
}

failure::failure() : failure(errc::internal, "not set") {}
failure::failure(errc code, std::string message) : code_(code), message_(std::move(message)) {}
failure::failure(const failure& other) = default;
failure::failure(failure&& other) noexcept = default;
failure& failure::operator=(const failure& other) = default;
failure& failure::operator=(failure&& other) noexcept = default;
failure::~failure() = default;

failure_details& failure::more() {
    // A copy may share the details, so they are copied before a change (copy on write).
    if (!details_)
        details_ = std::make_shared<failure_details>();
    else if (details_.use_count() > 1)
        details_ = std::make_shared<failure_details>(*details_);
    return *details_;
}

failure&& failure::retry_after(std::chrono::milliseconds wait) && {
    more().retry_after = wait;
    return std::move(*this);
}

failure&& failure::scope(limit_scope scope) && {
    more().scope = scope;
    return std::move(*this);
}

failure&& failure::tiktok(tiktok_error_text words) && {
    more().tiktok = std::move(words);
    return std::move(*this);
}

// All faults of a call come through here, whatever found them, so that an answer does not grow with their
// number.
failure&& failure::fields(std::vector<field_fault> faults) && {
    if (faults.size() > told_faults_max) {
        message_ += " There are " + std::to_string(faults.size()) + "; the first "
                    + std::to_string(told_faults_max) + " are told.";
        faults.resize(told_faults_max);
        faults.shrink_to_fit();
    }
    more().fields = std::move(faults);
    return std::move(*this);
}

failure&& failure::post(std::string publish_id, std::string status_path) && {
    more().publish_id = std::move(publish_id);
    more().status_path = std::move(status_path);
    return std::move(*this);
}

failure&& failure::allow(std::string verbs) && {
    more().allow = std::move(verbs);
    return std::move(*this);
}

failure&& failure::may_have_reached_tiktok() && {
    more().may_have_reached_tiktok = true;
    return std::move(*this);
}

} // namespace gateway
