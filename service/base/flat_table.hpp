// A flat hash table with prefetch. With many users each lookup is a cache miss; fetch() starts the misses of
// several tables at the same time, while other work is done. (boost::unordered_flat_map does not give the
// addresses of its slots.) Linear probing; hashes are stored apart from the elements. When an element is
// erased, the ones after it move up, so there are no tombstones, and a table of constant size is never
// rebuilt. The owner's lock guards everything except fetch(). Pure.
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

/// An Element is empty when default-constructed, and its move does not throw.
template <class Element>
class flat_table {
public:
    std::size_t size() const { return size_; }
    std::size_t places() const { return hashes_ ? mask_ + 1 : 0; }

    /// `is` decides whether an element with this hash is the wanted one; null if none is.
    template <class Is>
    Element* find(std::size_t hash, Is is) {
        if (size_ == 0) return nullptr;
        const std::size_t wanted = taken(hash);
        for (std::size_t at = home(wanted); hashes_[at] != free; at = next(at))
            if (hashes_[at] == wanted && is(elements_[at])) return &elements_[at];
        return nullptr;
    }
    /// Adds an element that does not exist yet. Elements may move.
    Element& add(std::size_t hash) {
        if (4 * (size_ + 1) > 3 * places()) rebuild(std::max(places_min, 2 * places()));
        ++size_;
        return elements_[take_place(taken(hash))];
    }
    /// Elements after it may move up, also into its slot.
    void erase(const Element& one) {
        auto hole = static_cast<std::size_t>(&one - elements_.get());
        for (std::size_t at = next(hole); hashes_[at] != free; at = next(at)) {
            const bool stays = ((at - home(hashes_[at])) & mask_) < ((at - hole) & mask_);
            if (stays) continue; // it would be before its home slot
            hashes_[hole] = hashes_[at];
            elements_[hole] = std::move(elements_[at]);
            hole = at;
        }
        hashes_[hole] = free;
        std::destroy_at(&elements_[hole]); // assigning an empty element would keep the memory of its strings
        std::construct_at(&elements_[hole]);
        --size_;
    }
    /// For iteration: the element in a slot; null if it is free.
    Element* at(std::size_t place) { return hashes_[place] == free ? nullptr : &elements_[place]; }
    /// Erases one element, round robin, and gives it. `turn` is kept by the owner and starts with 0. For full
    /// tables; must not be called on an empty one. (Always starting at the beginning would evict the newest
    /// element, so that elements in use would evict each other again and again.)
    Element push_out(std::size_t& turn) {
        for (;; ++turn) {
            if (turn >= places()) turn = 0;
            if (hashes_[turn] != free) break;
        }
        Element out = std::move(elements_[turn]);
        erase(elements_[turn]);
        ++turn; // skip the element that has moved up into the slot
        return out;
    }
    void clear() {
        hashes_.reset(); // frees all slots; a prefetch of their old addresses does no harm
        elements_.reset();
        size_ = mask_ = 0;
    }
    /// Frees memory if most slots are free. True: it did, and elements have moved.
    bool shrink() {
        const bool is_sparse = places() > places_min && size_ * sparse < places();
        if (is_sparse) rebuild(std::max(places_min, std::bit_ceil(2 * size_)));
        return is_sparse;
    }

    /// Prefetches the slots of this hash, which is looked up soon. Any thread; the address may be outdated,
    /// which does no harm.
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
        0x9e3779b97f4a7c15; // 2^64 / golden ratio: the high bits are the best mixed ones

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
        __builtin_prefetch(reinterpret_cast<const void*>(address)); // NOLINT(performance-no-int-to-ptr)
    }

    std::unique_ptr<std::size_t[]> hashes_;
    std::unique_ptr<Element[]> elements_;
    std::size_t size_ = 0, mask_ = 0;
    // For fetch(), which takes no lock: the start of the arrays. A prefetch of an invalid address does
    // nothing.
    std::atomic<unsigned> shift_{60};
    std::atomic<std::uintptr_t> fetched_hashes_{0}, fetched_from_{0};
};

} // namespace gateway
