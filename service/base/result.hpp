// Expected failure is a value: result<T> holds a T or a failure that knows whose fault it is and what to do
// next. Exceptions stay for bugs and for a start that fails.
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

/// Whose limit a 429 speaks of (docs/contract.md §4).
enum class limit_scope { caller, tiktok_user, tiktok_app, tiktok_daily, address };
std::string_view name_of(limit_scope scope);

/// One faulty input: where it stands (`photo_images[3]`) and what is wrong with it.
struct field_fault {
    std::string field;
    std::string reason;
};

/// TikTok's own words, kept for whoever has to ask TikTok about them.
struct tiktok_words {
    int status = 0;
    std::string code;
    std::string message;
    std::string log_id;
};

/// What only some failures have to say. Behind a pointer so that result<T> stays small.
struct failure_details {
    std::optional<std::chrono::milliseconds> retry_after;
    std::optional<limit_scope> scope;
    std::optional<tiktok_words> tiktok;
    std::vector<field_fault> fields;
    std::string allow;                    // with method_not_allowed: the value of Allow
    bool may_have_reached_tiktok = false; // a write that may have had its effect: x-should-retry: false
};

/// A failure a caller may see. `message` is one sentence a person understands; it holds no secret.
class failure {
public:
    // Cold, all that makes, moves or ends one: the compiler then lays the ways of failure apart from those of
    // success, and a call touches fewer lines of code. Each is a miss, since the kernel has been there since.
    [[gnu::cold]] failure();
    [[gnu::cold]] failure(errc code, std::string message);
    [[gnu::cold]] failure(const failure& other);
    [[gnu::cold]] failure(failure&& other) noexcept;
    [[gnu::cold]] failure& operator=(const failure& other);
    [[gnu::cold]] failure& operator=(failure&& other) noexcept;
    [[gnu::cold]] ~failure();

    errc code() const { return code_; }
    const std::string& message() const { return message_; }
    /// Null where there is nothing more to say.
    const failure_details* details() const { return details_.get(); }

    /// Each gives *this back, so that a refusal is one expression.
    failure&& retry_after(std::chrono::milliseconds wait) &&;
    failure&& scope(limit_scope scope) &&;
    failure&& tiktok(tiktok_words words) &&;
    failure&& fields(std::vector<field_fault> faults) &&;
    failure&& allow(std::string verbs) &&;
    failure&& may_have_reached_tiktok() &&;

private:
    failure_details& more();

    errc code_;
    std::string message_;
    std::shared_ptr<failure_details>
        details_; // shared: a failure is copied to every caller that waits for one refresh
};

template <class T>
using result = boost::system::result<T, failure>;

/// Reading the value of a failed result is a bug, not an expected failure.
[[noreturn]] inline void throw_exception_from_error(const failure& f, const boost::source_location&) {
    throw std::logic_error("value of a failed result: " + f.message());
}

} // namespace gateway
