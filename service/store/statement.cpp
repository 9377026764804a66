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

template <class Stored>
Stored rows::next_value() {
    if (at_ < row_end_)
        if (auto* const found = std::get_if<Stored>(&values_[at_++])) return std::move(*found);
    of_->refuse("a column does not have the type that this program wrote");
    return {};
}

std::string rows::next_text() {
    return next_value<std::string>();
}

std::int64_t rows::next_number() {
    return next_value<std::int64_t>();
}

} // namespace gateway::store
