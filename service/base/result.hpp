// Expected failures are values: result<T> holds a T or a failure, whose code says whose fault it is and
// whether a retry helps. Exceptions are only for bugs and for a start that fails.
#pragma once
#include "base/errc.hpp"

#include <boost/system/result.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gateway {

/// The limit that a 429 is about (docs/contract.md §4).
enum class limit_scope { caller, tiktok_user, tiktok_app, tiktok_daily, address };
std::string_view name_of(limit_scope scope);

/// One invalid input: its path (`photo_images[3]`) and what is wrong with it.
struct field_fault {
    std::string field;
    std::string reason;
};

/// TikTok's error, kept for questions to TikTok's support.
struct tiktok_error_text {
    int status = 0;
    std::string code;
    std::string message;
    std::string log_id;
};

/// Data that only some failures have. Held by a pointer so that result<T> stays small.
struct failure_details {
    std::optional<std::chrono::milliseconds> retry_after;
    std::optional<limit_scope> scope;
    std::optional<tiktok_error_text> tiktok;
    std::vector<field_fault> fields;
    std::string allow;                    // with method_not_allowed: the value of Allow
    bool may_have_reached_tiktok = false; // a write that may have had its effect: x-should-retry: false
    std::string publish_id;               // of the post that it is about, if known
    std::string status_path;              // where this post's status is told
};

/// A failure that a caller may see. `message` is one sentence for people; it contains no secret.
class failure {
public:
    // All functions that make, move or destroy a failure are cold: the compiler then places failure paths
    // apart from success paths, and a call touches fewer cache lines of code. Each is a miss, because the
    // kernel has run in between.
    [[gnu::cold]] failure();
    [[gnu::cold]] failure(errc code, std::string message);
    [[gnu::cold]] failure(const failure& other);
    [[gnu::cold]] failure(failure&& other) noexcept;
    [[gnu::cold]] failure& operator=(const failure& other);
    [[gnu::cold]] failure& operator=(failure&& other) noexcept;
    [[gnu::cold]] ~failure();

    errc code() const { return code_; }
    const std::string& message() const { return message_; }
    /// Null if there are none.
    const failure_details* details() const { return details_.get(); }

    /// Each returns *this, so that a refusal is one expression.
    failure&& retry_after(std::chrono::milliseconds wait) &&;
    failure&& scope(limit_scope scope) &&;
    failure&& tiktok(tiktok_error_text words) &&;
    failure&& fields(std::vector<field_fault> faults) &&;
    failure&& post(std::string publish_id, std::string status_path) &&;
    failure&& allow(std::string verbs) &&;
    failure&& may_have_reached_tiktok() &&;

private:
    failure_details& more();

    errc code_;
    std::string message_;
    std::shared_ptr<failure_details>
        details_; // shared, because a failure is copied to every caller that waits for a refresh
};

template <class T>
using result = boost::system::result<T, failure>;

/// Reading the value of a failed result is a bug, not an expected failure.
[[noreturn]] inline void throw_exception_from_error(const failure& f, const boost::source_location&) {
    throw std::logic_error("value of a failed result: " + f.message());
}

} // namespace gateway
