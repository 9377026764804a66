// A flat hash table that can be told whom it will be asked for: with many users each place in memory is a
// miss of the processor's caches, and fetch() lets the misses of several tables pass at once, while something
// else is done. (boost::unordered_flat_map does not tell where its places are.) Linear probing, the hashes
// apart from the elements; when one goes, those behind it move up, so nothing is left in its place and a
// table that stays as large is never rebuilt. The owner's lock guards all but fetch(). Pure.
#pragma once
#include <algorithm>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <type_traits>
#include <utility>

namespace gateway {

/// An Element is empty when it is made, and moves without exceptions.
template <class Element>
class flat_table {
public:
    std::size_t size() const { return size_; }
    std::size_t places() const { return hashes_ ? mask_ + 1 : 0; }

    /// `is` tells whether an element of this hash is the one; null: none is.
    template <class Is>
    Element* find(std::size_t hash, Is is) {
        if (size_ == 0) return nullptr;
        const std::size_t wanted = taken(hash);
        for (std::size_t at = home(wanted); hashes_[at] != free; at = next(at))
            if (hashes_[at] == wanted && is(elements_[at])) return &elements_[at];
        return nullptr;
    }
    /// A new one, which is not there yet. Elements may move.
    Element& add(std::size_t hash) {
        if (4 * (size_ + 1) > 3 * places()) rebuild(std::max(places_min, 2 * places()));
        ++size_;
        return elements_[take_place(taken(hash))];
    }
    /// Those behind it may move up, into its place too.
    void erase(const Element& one) {
        auto hole = static_cast<std::size_t>(&one - elements_.get());
        for (std::size_t at = next(hole); hashes_[at] != free; at = next(at)) {
            const bool stays = ((at - home(hashes_[at])) & mask_) < ((at - hole) & mask_);
            if (stays) continue; // it would stand before its home
            hashes_[hole] = hashes_[at];
            elements_[hole] = std::move(elements_[at]);
            hole = at;
        }
        hashes_[hole] = free;
        std::destroy_at(&elements_[hole]); // assigning an empty one would leave a string its memory
        std::construct_at(&elements_[hole]);
        --size_;
    }
    /// For turns: what stands in a place; null: nothing.
    Element* at(std::size_t place) { return hashes_[place] == free ? nullptr : &elements_[place]; }
    /// Erases one, in turn, and gives it: `turn` is the owner's, and begins with 0. For tables that are full;
    /// not empty. (From the beginning each time it would be who came last, and those who are asked for now
    /// would push each other out for ever.)
    Element push_out(std::size_t& turn) {
        for (;; ++turn) {
            if (turn >= places()) turn = 0;
            if (hashes_[turn] != free) break;
        }
        Element out = std::move(elements_[turn]);
        erase(elements_[turn]);
        ++turn; // who has moved up into the place is not the next
        return out;
    }
    void clear() {
        hashes_.reset(); // and with it all places; who fetches from where they were does no harm
        elements_.reset();
        size_ = mask_ = 0;
    }
    /// Gives memory back where most places are free; whether it did: then elements have moved.
    bool shrink() {
        const bool is_sparse = places() > places_min && size_ * sparse < places();
        if (is_sparse) rebuild(std::max(places_min, std::bit_ceil(2 * size_)));
        return is_sparse;
    }

    /// Somebody will ask for this hash within a microsecond. Any thread; whatever it finds is only a guess.
    void fetch(std::size_t hash) const noexcept {
        const std::size_t at = (taken(hash) * spread) >> shift_.load(std::memory_order_relaxed);
        const auto begin = fetched_from_.load(std::memory_order_relaxed) + at * sizeof(Element);
        prefetch(fetched_hashes_.load(std::memory_order_relaxed) + at * sizeof(std::size_t));
        for (std::size_t line = 0; line < sizeof(Element); line += cache_line_bytes)
            prefetch(begin + line);
    }

    static constexpr std::size_t places_min = 16, sparse = 8;

private:
    static constexpr std::size_t free = 0, cache_line_bytes = 64;
    static constexpr std::uint64_t spread =
        0x9e3779b97f4a7c15; // 2^64 / golden ratio: the best bits come first

    static std::size_t taken(std::size_t hash) { return hash == free ? 1 : hash; }
    std::size_t home(std::size_t hash) const {
        return (hash * spread) >> shift_.load(std::memory_order_relaxed);
    }
    std::size_t next(std::size_t at) const { return (at + 1) & mask_; }
    std::size_t take_place(std::size_t hash) {
        std::size_t at = home(hash);
        while (hashes_[at] != free)
            at = next(at);
        hashes_[at] = hash;
        return at;
    }
    void rebuild(std::size_t places) {
        static_assert(std::is_nothrow_move_assignable_v<Element>);
        auto hashes = std::make_unique<std::size_t[]>(places);
        auto elements = std::make_unique<Element[]>(places);
        hashes.swap(hashes_);
        elements.swap(elements_);
        const std::size_t before = hashes ? mask_ + 1 : 0;
        mask_ = places - 1;
        shift_.store(static_cast<unsigned>(64 - std::countr_zero(places)), std::memory_order_relaxed);
        fetched_hashes_.store(reinterpret_cast<std::uintptr_t>(hashes_.get()), std::memory_order_relaxed);
        fetched_from_.store(reinterpret_cast<std::uintptr_t>(elements_.get()), std::memory_order_relaxed);
        for (std::size_t at = 0; at < before; ++at)
            if (hashes[at] != free) elements_[take_place(hashes[at])] = std::move(elements[at]);
    }
    static void prefetch(std::uintptr_t address) {
        __builtin_prefetch(reinterpret_cast<const void*>(address));
    }

    std::unique_ptr<std::size_t[]> hashes_;
    std::unique_ptr<Element[]> elements_;
    std::size_t size_ = 0, mask_ = 0;
    // For fetch(), which takes no lock: where all begins. A prefetch of an address that is none does nothing.
    std::atomic<unsigned> shift_{60};
    std::atomic<std::uintptr_t> fetched_hashes_{0}, fetched_from_{0};
};

} // namespace gateway
