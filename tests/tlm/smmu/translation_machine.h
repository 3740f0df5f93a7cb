// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <stdexcept>
#include <vector>

#include "tests/tlm/smmu/images.h"
#include "tlm/base/context.h"
#include "tlm/smmu/translator.h"

namespace drydock::smmu::test {

using outcome = translate_result::outcome;

/// A translator with memory behind it and nothing else.
class translation_machine : fetch_port, translator_client, base::timeline_client {
public:
    static constexpr std::uint64_t strtab = 0x1000'0000;
    static constexpr std::uint64_t cds = 0x1800'0000;
    static constexpr std::uint64_t root = 0x2000'0000;

    explicit translation_machine(const smmu_config& c = {})
        : config(c),
          memory_(ctx.timeline.join("memory", *this)),
          t("smmu.translator", ctx, c, *this, *this) {
        t.set_stream_table({base::phys_addr{strtab}, 8, 6, 0});
        t.set_control(control_bits);
    }

    // -- memory --
    std::uint64_t& word(std::uint64_t pa) { return memory_words_[pa]; }
    void write(std::uint64_t pa, const std::array<std::uint64_t, 8>& w) {
        for (unsigned i = 0; i < 8; ++i) memory_words_[pa + 8u * i] = w[i];
    }
    void poison(std::uint64_t pa) { poisoned_.insert(pa); }
    void heal() { poisoned_.clear(); }
    void set_ste(std::uint32_t sid, const ste_image& s) { write(strtab + 64u * sid, s.words()); }
    void set_cd(const cd_image& c, std::uint32_t index = 0) { write(cds + 64u * index, c.words()); }
    /// STE of `sid` for stage 1 with one CD, and that CD.
    void stage1(std::uint32_t sid, const cd_image& c = {}, ste_image s = {}) {
        s.cd = cds;
        set_ste(sid, s);
        set_cd(c);
    }
    /// Puts a descriptor for va at `level` of a 4 KiB-granule tree, making tables on the way.
    /// @return address of the descriptor
    std::uint64_t put(std::uint64_t va, unsigned level, std::uint64_t descriptor,
                      unsigned start = 0, std::uint64_t base = root) {
        std::uint64_t table = base;
        for (unsigned l = start; l < level; ++l) {
            std::uint64_t& d = word(table + index(va, l) * 8);
            if (d == 0) d = next_table(4096) | 3;
            table = d & 0x0000'ffff'ffff'f000u;
        }
        word(table + index(va, level) * 8) = descriptor;
        return table + index(va, level) * 8;
    }
    std::uint64_t map(std::uint64_t va, std::uint64_t pa, std::uint64_t attributes = rw_page) {
        return put(va, 3, pa | attributes | 3);
    }
    std::uint64_t next_table(std::uint64_t bytes) {
        table_ = (table_ + bytes - 1) / bytes * bytes;
        return std::exchange(table_, table_ + bytes);
    }
    static std::uint64_t index(std::uint64_t va, unsigned level) {
        return va >> (39 - 9 * level) & 0x1ff;
    }

    // -- transactions --
    static translate_request read(std::uint32_t sid, std::uint64_t va) {
        translate_request r;
        r.sid = base::stream_id{sid};
        r.va = base::iova{va};
        return r;
    }
    static translate_request write_to(std::uint32_t sid, std::uint64_t va) {
        translate_request r = read(sid, va);
        r.write = true;
        return r;
    }
    static translate_request ats(std::uint32_t sid, std::uint64_t va, bool no_write = false) {
        translate_request r = read(sid, va);
        r.kind = request_kind::translation_request;
        r.no_write = no_write;
        return r;
    }
    static translate_request translated_to(std::uint32_t sid, std::uint64_t pa,
                                           bool write = false) {
        translate_request r = read(sid, pa);
        r.kind = request_kind::translated;
        r.write = write;
        return r;
    }
    static translate_request with_pasid(translate_request r, std::uint32_t ssid,
                                        bool privileged = false, bool execute = false) {
        r.ssid = base::substream_id{ssid};
        r.privileged = privileged;
        r.execute = execute;
        return r;
    }

    /// Runs one transaction to its end and reports it performed.
    translate_result run(const translate_request& r) {
        const std::uint32_t slot = config.translation_slots - 1;
        begin(slot, r);
        settle();
        if (!results[slot]) throw std::logic_error("no answer");
        const translate_result out = *results[slot];
        t.performed(out.number);
        return out;
    }
    void begin(std::uint32_t slot, const translate_request& r) {
        results.resize(config.translation_slots);
        results[slot].reset();
        if (!t.start(slot, r)) throw std::logic_error("slot in use");
    }
    void settle() { ctx.timeline.run(ctx.now() + base::ps{100'000'000}); }
    void set_control() { t.set_control(control_bits); }

    base::context ctx;
    smmu_config config;
    control control_bits{.smmuen = true, .recinvsid = true};
    base::ps latency{0};                 ///< 0: answers within the call
    std::vector<std::uint64_t> reads;    ///< addresses fetched, in order
    std::vector<std::uint64_t> updates;  ///< addresses of atomic updates
    std::vector<std::optional<translate_result>> results;
    std::vector<std::uint32_t> finished;  ///< slots in the order of their answers
    std::vector<base::ps> finished_at;
    std::vector<std::pair<std::uint32_t, event_record>> stalls;

private:
    struct access {
        fetch_id id;
        std::uint64_t pa;
        std::uint32_t bytes;  // 0: atomic update
        std::uint64_t expected, desired;
    };
    void fetch(fetch_id id, base::phys_addr a, std::uint32_t bytes, base::span_id) override {
        reads.push_back(a.value);
        later({id, a.value, bytes, 0, 0});
    }
    void update(fetch_id id, base::phys_addr a, std::uint64_t expected, std::uint64_t desired,
                base::span_id) override {
        updates.push_back(a.value);
        later({id, a.value, 0, expected, desired});
    }
    void later(const access& a) {
        if (latency == base::ps{0}) return answer(a);
        pending_.push_back(a);
        ctx.timeline.after(latency, base::phase::arrive, memory_, pending_.size() - 1);
    }
    void on_time(std::uint64_t op) override { answer(pending_[op]); }
    void answer(const access& a) {
        const bool aborted = poisoned_.contains(a.pa);
        if (a.bytes == 0) {
            const std::uint64_t old = memory_words_[a.pa];
            if (!aborted && old == a.expected) memory_words_[a.pa] = a.desired;
            return t.updated(a.id, old, aborted);
        }
        std::array<std::uint64_t, 8> words{};
        for (unsigned i = 0; i < a.bytes / 8; ++i) words[i] = memory_words_[a.pa + 8u * i];
        t.fetched(a.id, std::span(words).first(a.bytes / 8), aborted);
    }
    void translated(std::uint32_t slot, const translate_result& r) override {
        results[slot] = r;
        finished.push_back(slot);
        finished_at.push_back(ctx.now());
    }
    void stalled(std::uint32_t slot, const event_record& e) override {
        stalls.emplace_back(slot, e);
    }

    base::timeline::client_id memory_;
    std::map<std::uint64_t, std::uint64_t> memory_words_;
    std::set<std::uint64_t> poisoned_;
    std::vector<access> pending_;
    std::uint64_t table_ = root + 0x10'0000;

public:
    translator t;
};

}  // namespace drydock::smmu::test
