#include "store/statement.hpp"

#include "store/engine.hpp"

namespace gateway::store {

statement statement::composed(std::string sql, std::vector<parameter> parameters) {
    statement out;
    out.composed_ = std::move(sql);
    out.parameters_ = std::move(parameters);
    return out;
}

bool rows::step() {
    if (of_->failed() || row_end_ >= values_.size()) return false;
    at_ = row_end_;
    row_end_ += columns_;
    return true;
}

rows::value* rows::next_value() {
    return at_ < row_end_ ? &values_[at_++] : nullptr;
}

std::string rows::next_text() {
    auto* const found = next_value();
    if (found != nullptr)
        if (auto* const text = std::get_if<std::string>(found)) return std::move(*text);
    of_->refuse("a column is not the text that this program wrote");
    return {};
}

std::int64_t rows::next_number() {
    const auto* const found = next_value();
    if (found != nullptr)
        if (const auto* const number = std::get_if<std::int64_t>(found)) return *number;
    of_->refuse("a column is not the number that this program wrote");
    return 0;
}

} // namespace gateway::store
