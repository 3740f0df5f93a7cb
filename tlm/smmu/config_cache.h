// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

namespace drydock::smmu {

/// A 4-way cache of decoded configuration structures, legal or not, by {StreamID, SubstreamID}
/// (SMMUv3 3.21). STEs use sub = 0. Everything of one StreamID, or everything at all, goes by one
/// store.
template <class T>
class config_cache {
public:
    /// @param entries  power of two, >= 4
    explicit config_cache(std::uint32_t entries)
        : set_mask_(entries / ways - 1),
          lines_(entries),
          next_way_(entries / ways),
          stream_born_(stamps) {}

    /// @return null: not cached. Valid until the next fill.
    const T* find(std::uint32_t sid, std::uint32_t sub) {
        line* l = match(sid, sub);
        return l != nullptr ? &l->data : nullptr;
    }
    const T* fill(std::uint32_t sid, std::uint32_t sub, const T& data) {
        line* l = match(sid, sub);
        if (l == nullptr) {
            const std::uint32_t set = set_of(sid, sub);
            for (std::uint32_t w = 0; w < ways && l == nullptr; ++w)
                if (!alive(lines_[set * ways + w])) l = &lines_[set * ways + w];
            if (l == nullptr) l = &lines_[set * ways + next_way_[set]++ % ways];
        }
        *l = {sid, sub, clock_, true, data};
        return &l->data;
    }
    void erase(std::uint32_t sid, std::uint32_t sub) {
        if (line* l = match(sid, sub)) l->used = false;
    }
    /// Streams share stamps by hash, which may only erase too much.
    void erase_stream(std::uint32_t sid) { stream_born_[sid % stamps] = ++clock_; }
    void clear() { all_born_ = ++clock_; }

private:
    static constexpr std::uint32_t ways = 4;
    static constexpr std::uint32_t stamps = 1024;
    struct line {
        std::uint32_t sid = 0, sub = 0;
        std::uint64_t born = 0;
        bool used = false;
        T data{};
    };
    bool alive(const line& l) const {
        return l.used && l.born >= all_born_ && l.born >= stream_born_[l.sid % stamps];
    }
    std::uint32_t set_of(std::uint32_t sid, std::uint32_t sub) const {
        return (sid * 0x9e3779b1u ^ sub * 0x85ebca77u) >> 16 & set_mask_;
    }
    line* match(std::uint32_t sid, std::uint32_t sub) {
        line* set = &lines_[set_of(sid, sub) * ways];
        for (line* l = set; l != set + ways; ++l)
            if (l->sid == sid && l->sub == sub && alive(*l)) return l;
        return nullptr;
    }

    std::uint32_t set_mask_;
    std::vector<line> lines_;
    std::vector<std::uint8_t> next_way_;
    std::vector<std::uint64_t> stream_born_;
    std::uint64_t all_born_ = 0;
    std::uint64_t clock_ = 0;
};

}  // namespace drydock::smmu
