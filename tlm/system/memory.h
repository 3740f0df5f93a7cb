// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <tlm>
#include <unordered_map>
#include <vector>

#include "tlm/base/atomic_operation.h"
#include "tlm/base/context.h"
#include "tlm/base/requester.h"

namespace drydock::system {

/// Told of writes to pages it watches, in the call that changes memory.
struct write_observer {
    virtual void written(base::phys_addr at, unsigned bytes) = 0;

protected:
    ~write_observer() = default;
};

struct memory_config {
    base::phys_addr base{0x4000'0000};
    std::uint64_t bytes = std::uint64_t{1} << 30;
    base::ps latency{80'000};                          ///< of every access, PCIe "Model defaults"
    std::uint64_t bytes_per_second = 25'600'000'000u;  ///< shared by all accesses; 0: unlimited
};

/// Sparse DRAM on the TLM-2.0 base protocol. Addresses are absolute. An access has its effect in
/// the call; the delay that comes back is latency plus the wait for bandwidth. Never written memory
/// reads 0.
class memory final : public sc_core::sc_module, private tlm::tlm_fw_transport_if<> {
public:
    memory(sc_core::sc_module_name name, base::context& ctx, const memory_config& config = {});
    ~memory() override;

    tlm::tlm_target_socket<64> socket;

    static constexpr std::uint64_t page_bytes = 4096;

    /// Direct access, no time, no failing ranges; write tells the observers.
    /// @throws std::out_of_range outside the memory
    void read(base::phys_addr at, void* to, std::size_t bytes) const;
    void write(base::phys_addr at, const void* from, std::size_t bytes);
    template <class T>
    T load(base::phys_addr at) const {
        T v;
        read(at, &v, sizeof v);
        return v;
    }
    template <class T>
    void store(base::phys_addr at, T v) {
        write(at, &v, sizeof v);
    }
    bool contains(base::phys_addr at, std::uint64_t bytes) const {
        return at.value >= config_.base.value && at.value - config_.base.value <= config_.bytes &&
               bytes <= config_.bytes - (at.value - config_.base.value);
    }

    /// o.written() is called for every write that touches the page of `at`. Costs other pages
    /// nothing.
    void watch(write_observer& o, base::phys_addr at);
    void unwatch(write_observer& o, base::phys_addr at);

    /// Device accesses to the pages of this range answer TLM_GENERIC_ERROR_RESPONSE until cure().
    void poison(base::phys_addr at, std::uint64_t bytes);
    void cure(base::phys_addr at, std::uint64_t bytes);

    std::uint64_t pages_in_use() const { return pages_; }

private:
    static constexpr std::uint64_t chunk_pages = 512;
    enum flag : std::uint8_t { watched = 1, poisoned = 2 };
    using page = std::array<std::uint8_t, page_bytes>;
    struct chunk {
        std::array<std::unique_ptr<page>, chunk_pages> pages;
        std::array<std::uint8_t, chunk_pages> flags{};
    };

    tlm::tlm_sync_enum nb_transport_fw(tlm::tlm_generic_payload& gp, tlm::tlm_phase& phase,
                                       sc_core::sc_time& t) override;
    void b_transport(tlm::tlm_generic_payload& gp, sc_core::sc_time& t) override;
    bool get_direct_mem_ptr(tlm::tlm_generic_payload&, tlm::tlm_dmi&) override { return false; }
    unsigned transport_dbg(tlm::tlm_generic_payload& gp) override;

    void serve(tlm::tlm_generic_payload& gp);
    sc_core::sc_time duration(const tlm::tlm_generic_payload& gp);
    tlm::tlm_response_status check(const tlm::tlm_generic_payload& gp) const;
    void operate(tlm::tlm_generic_payload& gp, base::atomic_operation& a);
    void update_atomically(tlm::tlm_generic_payload& gp, base::atomic_update& u);
    /// @return whether any byte was enabled
    bool move_enabled_bytes(tlm::tlm_generic_payload& gp);
    void emit(const tlm::tlm_generic_payload& gp, const base::requester& who, bool write);

    std::uint64_t page_number(base::phys_addr at) const {
        return (at.value - config_.base.value) / page_bytes;
    }
    chunk& chunk_of(std::uint64_t page_index);
    std::uint8_t flags_of(std::uint64_t page_index) const;
    void flag_pages(base::phys_addr at, std::uint64_t bytes, flag f, bool on);
    bool any_flag(base::phys_addr at, std::uint64_t bytes, flag f) const;
    void copy_out(base::phys_addr at, std::uint8_t* to, std::uint64_t bytes) const;
    void copy_in(base::phys_addr at, const std::uint8_t* from, std::uint64_t bytes);
    void tell(base::phys_addr at, std::uint64_t bytes);

    base::context& ctx_;
    memory_config config_;
    base::place_id place_;
    std::int64_t byte_time_ = 0;  // raw fine_time per byte
    base::fine_time busy_until_;
    std::vector<std::unique_ptr<chunk>> chunks_;
    std::unordered_map<std::uint64_t, std::vector<write_observer*>> observers_;
    std::uint64_t pages_ = 0;
};

}  // namespace drydock::system
