// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "tlm/pcie/caps/acs.h"
#include "tlm/pcie/caps/aer.h"
#include "tlm/pcie/caps/af.h"
#include "tlm/pcie/caps/ari.h"
#include "tlm/pcie/caps/ats.h"
#include "tlm/pcie/caps/cxl_dvsec.h"
#include "tlm/pcie/caps/dpc.h"
#include "tlm/pcie/caps/dsn.h"
#include "tlm/pcie/caps/express.h"
#include "tlm/pcie/caps/msi.h"
#include "tlm/pcie/caps/msix.h"
#include "tlm/pcie/caps/pasid.h"
#include "tlm/pcie/caps/power.h"
#include "tlm/pcie/caps/pri.h"
#include "tlm/pcie/caps/sriov.h"
#include "tlm/pcie/caps/vc.h"
#include "tlm/pcie/config_image.h"
#include "tlm/pcie/config_registers.h"

namespace drydock::pcie {

/// What a reset reaches (PCIe): FLR keeps sticky bits and the keep list, a conventional (hot)
/// reset keeps sticky bits, a fundamental one nothing.
enum class reset_kind : std::uint8_t { flr, conventional, fundamental };

/// Who acts on what software writes. Called after the registers have their new values.
struct config_listener {
    virtual ~config_listener() = default;
    /// A write touched the DW at this offset. PRI Reset and the initiate bits of a CXL device
    /// still read as written; they read 0 when all have been told.
    virtual void config_written(std::uint16_t offset) = 0;
    /// Initiate FLR was written (DevCtl[15] or, by Advanced Features, its control[0]; the bit
    /// itself reads 0). The owner calls config_space::reset(flr).
    virtual void flr_initiated() {}
    /// Slot Control was written, whatever it changed: a command to the slot.
    virtual void slot_control_written() {}
};

/// Command register (PCIe).
struct command_bits {
    bool io = false, memory = false, bus_master = false, serr = false, intx_disable = false;
};

/// A base address register as software has programmed it.
struct bar_state {
    std::uint64_t address = 0;
    std::uint64_t bytes = 0;  ///< power of two
    bool is_64 = false, prefetchable = false, is_io = false;
    bool contains(std::uint64_t a, std::uint64_t n) const {
        return a >= address && a - address + n <= bytes;
    }
};

/// The configuration space of one function: bytes with access rules. Writes to read-only bits are
/// ignored, unimplemented registers read 0. Capabilities without an own model are kept as read-only
/// bytes.
class config_space {
public:
    /// Registers get their reset values; what the image says of read-write fields (a dump of a
    /// running device) is replaced by them. @throws config_error for a broken capability chain or
    /// BAR size
    explicit config_space(const config_image& image);

    /// 1, 2 or 4 bytes, naturally aligned; all ones otherwise.
    std::uint32_t read(std::uint16_t offset, unsigned size = 4) const;
    /// As software writes it; byte_enables: bit n = byte n of the value. Misaligned: ignored.
    void write(std::uint16_t offset, unsigned size, std::uint32_t value,
               std::uint8_t byte_enables = 0xf);
    void reset(reset_kind kind);
    /// As the function was when `captured` was taken of it: software's fields are written as
    /// software writes them, hardware's status is set. What is hardwired here stays.
    void adopt(const config_image& captured);
    /// Told of every write, in order of joining.
    void listen(config_listener& l) { listeners_.push_back(&l); }

    const std::vector<capability_entry>& capabilities() const { return capabilities_; }
    /// Offset of a capability, 0 if it isn't there.
    std::uint16_t find(std::uint16_t id, bool extended) const;
    bool is_bridge() const { return regs_.image.header_type() == 1; }

    command_bits command() const;
    /// A BAR with its present address; none if not implemented. n = 0..5, 0..1 of a bridge.
    std::optional<bar_state> bar(unsigned n) const;

    // Views of the capabilities; `present` is false where the function has none.
    express_view express() { return {regs_, express_at_}; }
    ats_view ats() { return {regs_, ats_at_}; }
    pasid_view pasid() { return {regs_, pasid_at_}; }
    pri_view pri() { return {regs_, pri_at_}; }
    msix_view msix() { return {regs_, msix_at_}; }
    msi_view msi() { return {regs_, msi_at_}; }
    aer_view aer() { return {regs_, aer_at_}; }
    dpc_view dpc() { return {regs_, dpc_at_}; }
    power_view power() { return {regs_, power_at_}; }
    af_view af() { return {regs_, af_at_}; }
    acs_view acs() { return {regs_, acs_at_}; }
    ari_view ari() { return {regs_, ari_at_}; }
    sriov_view sriov() { return {regs_, sriov_at_}; }
    dsn_view dsn() { return {regs_, dsn_at_}; }
    vc_view vc() { return {regs_, vc_at_}; }
    cxl_port_view cxl_port() { return {regs_, cxl_port_at_}; }
    cxl_device_view cxl_device() { return {regs_, cxl_device_at_}; }
    /// Device Control, for the hot path: MPS and MRRS in bytes.
    device_control_bits device_control() const {
        return express_view::device_control_of(regs_, express_at_);
    }

    /// For hardware's own changes; offsets as in the specification.
    config_registers& registers() { return regs_; }
    const config_registers& registers() const { return regs_; }

private:
    void declare_header();
    void declare_virtual_header();
    void declare_bars(unsigned count);
    void declare_io_window();
    void declare_rom(unsigned at);
    void declare_capabilities();
    void declare_standard(const capability_entry& c);
    void declare_extended(const capability_entry& c);
    void declare_dvsec(std::uint16_t at);
    /// Declares the first capability of a kind; any other stays read-only.
    template <class View>
    void own(std::uint16_t& where, std::uint16_t at) {
        if (where != 0) return;
        where = at;
        View::declare(regs_, at);
    }
    bool initiates_flr(std::uint16_t dword, std::uint8_t byte_enables);
    void after_write(std::uint16_t dword, std::uint8_t byte_enables);

    config_registers regs_;
    std::vector<capability_entry> capabilities_;
    std::vector<config_listener*> listeners_;
    std::uint16_t express_at_ = 0, ats_at_ = 0, pasid_at_ = 0, pri_at_ = 0, msix_at_ = 0,
                  msi_at_ = 0, aer_at_ = 0, dpc_at_ = 0, power_at_ = 0, af_at_ = 0, acs_at_ = 0,
                  ari_at_ = 0, sriov_at_ = 0, dsn_at_ = 0, cxl_port_at_ = 0, cxl_device_at_ = 0,
                  vc_at_ = 0;
};

}  // namespace drydock::pcie
