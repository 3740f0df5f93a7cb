// SPDX-License-Identifier: Apache-2.0
#include "tlm/endpoint/translation_store.h"

#include <algorithm>
#include <bit>
#include <stdexcept>
#include <string>

namespace drydock::endpoint {
namespace {

/// Calls f(log2 of the size) for each size in the mask.
template <class F>
void each_size(std::uint64_t sizes, F&& f) {
    for (; sizes != 0; sizes &= sizes - 1) f(static_cast<unsigned>(std::countr_zero(sizes)) + 1);
}

/// Pages of 2^n bytes that [first, last] touches, less one (the whole space has 2^64 >> n).
std::uint64_t pages_less_one(std::uint64_t first, std::uint64_t last, unsigned n) {
    return n >= 64 ? 0 : (last >> n) - (first >> n);
}

}  // namespace

translation_store::translation_store(unsigned entries, unsigned ways) {
    if (entries != 0 && !std::has_single_bit(entries))
        throw std::invalid_argument("ATC: " + std::to_string(entries) +
                                    " entries: expected 0 or a power of two, e.g. 512");
    if (entries != 0 && (ways == 0 || ways > entries || !std::has_single_bit(ways)))
        throw std::invalid_argument("ATC: " + std::to_string(ways) +
                                    " ways: expected a power of two in 1..entries, e.g. 4");
    ways_ = entries == 0 ? 0 : ways;
    sets_ = entries == 0 ? 0 : entries / ways;
    entries_ = entries;
}

const stored_translation* translation_store::find(const atc_key& key, atc_access access) {
    way* best = nullptr;
    each_size(sizes_, [&](unsigned n) {
        if (best != nullptr && allows(best->t.entry, access)) return;
        ++lookup_work_.sets_probed;
        way* const set = &array_[std::size_t{set_of(key.va.value, n)} * ways_];
        for (way* w = set; w != set + ways_; ++w) {
            if (w->position == not_valid || w->t.entry.log2_bytes != n || !w->t.serves(key))
                continue;
            if (best == nullptr || allows(w->t.entry, access)) best = w;
        }
    });
    if (best == nullptr) return nullptr;
    ++lookup_work_.entries_touched;
    best->used = ++stamp_;
    return &best->t;
}

std::uint32_t translation_store::victim(std::uint32_t set, const stored_translation& t) const {
    const std::uint32_t begin = set * ways_;
    std::uint32_t chosen = begin;
    bool chosen_valid = true;
    for (std::uint32_t i = begin; i < begin + ways_; ++i) {
        const way& w = array_[i];
        if (w.position == not_valid) {
            if (chosen_valid) chosen = i;
            chosen_valid = false;
            continue;
        }
        const stored_translation& o = w.t;
        if (o.first == t.first && o.entry.log2_bytes == t.entry.log2_bytes && o.rid == t.rid &&
            o.ssid == t.ssid && o.priv == t.priv)
            return i;
        if (chosen_valid && w.used < array_[chosen].used) chosen = i;
    }
    return chosen;
}

void translation_store::insert(const stored_translation& t) {
    if (sets_ == 0) return;
    if (array_.empty()) {
        array_.resize(entries_);
        valid_.reserve(entries_);
    }
    const std::uint32_t i = victim(set_of(t.first, t.entry.log2_bytes), t);
    if (array_[i].position != not_valid) drop(i);
    way& w = array_[i];
    w.t = t;
    w.used = ++stamp_;
    w.position = static_cast<std::uint32_t>(valid_.size());
    valid_.push_back(i);
    const unsigned n = t.entry.log2_bytes;
    if (of_size_[n]++ == 0) sizes_ |= std::uint64_t{1} << (n - 1);
}

void translation_store::drop(std::uint32_t index) {
    way& w = array_[index];
    const std::uint32_t moved = valid_.back();
    valid_[w.position] = moved;
    array_[moved].position = w.position;
    valid_.pop_back();
    w.position = not_valid;
    const unsigned n = w.t.entry.log2_bytes;
    if (--of_size_[n] == 0) sizes_ &= ~(std::uint64_t{1} << (n - 1));
}

void translation_store::clear() {
    while (!valid_.empty()) drop(valid_.back());
}

bool translation_store::hit_by(const invalidate& i, const stored_translation& t) {
    return t.rid == i.rid && t.first <= i.last.value && t.last() >= i.first.value &&
           reaches(i, t.ssid, t.entry.global);
}

std::uint64_t translation_store::probes_for(const invalidate& range) const {
    const std::uint64_t sweep = std::max<std::uint64_t>(sets_, 1);
    if (range.global && range.ssid) return sweep;
    std::uint64_t probes = 0;
    each_size(sizes_, [&](unsigned n) {
        const std::uint64_t pages = pages_less_one(range.first.value, range.last.value, n);
        probes += pages < sets_ ? pages + 1 : sets_;
    });
    return std::clamp<std::uint64_t>(probes, 1, sweep);
}

std::uint32_t translation_store::remove(const invalidate& range) {
    if (valid_.empty()) return 0;
    const std::uint64_t probes = probes_for(range);
    return probes * ways_ < valid_.size() || probes == 1 ? probe_sets(range) : sweep(range);
}

std::uint32_t translation_store::sweep(const invalidate& range) {
    std::uint32_t removed = 0;
    invalidate_work_.entries_touched += valid_.size();
    for (std::size_t i = valid_.size(); i-- > 0;) {
        if (!hit_by(range, array_[valid_[i]].t)) continue;
        drop(valid_[i]);
        ++removed;
    }
    return removed;
}

std::uint32_t translation_store::probe_sets(const invalidate& range) {
    std::uint32_t removed = 0;
    each_size(sizes_, [&](unsigned n) {
        const std::uint64_t pages = pages_less_one(range.first.value, range.last.value, n);
        const std::uint64_t count = pages < sets_ ? pages + 1 : sets_;
        const std::uint32_t start = set_of(range.first.value, n);
        for (std::uint64_t p = 0; p < count; ++p) {
            const std::uint32_t set = (start + static_cast<std::uint32_t>(p)) & (sets_ - 1);
            ++invalidate_work_.sets_probed;
            for (std::uint32_t i = set * ways_; i < (set + 1) * ways_; ++i) {
                if (array_[i].position == not_valid || array_[i].t.entry.log2_bytes != n) continue;
                ++invalidate_work_.entries_touched;
                if (!hit_by(range, array_[i].t)) continue;
                drop(i);
                ++removed;
            }
        }
    });
    return removed;
}

}  // namespace drydock::endpoint
