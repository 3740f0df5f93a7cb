// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tlm/pcie/caps/express.h"
#include "tlm/pcie/config_image.h"

namespace drydock::pcie {

/// Identity of a function, header registers 00-0b and 2c (PCIe).
struct function_ids {
    std::uint16_t vendor = 0, device = 0;
    std::uint8_t revision = 0;
    std::uint32_t class_code = 0;  ///< 24 bits: base class, sub-class, interface
    std::uint16_t subsystem_vendor = 0, subsystem = 0;
    std::uint8_t interrupt_pin = 0;  ///< 0 none, 1 INTA
};

// Each capability as a description names it. `at` = 0: the next free place.
struct express_fields {
    port_type type = port_type::endpoint;
    unsigned max_payload = 256;  ///< bytes, supported
    bool flr = true, extended_tag = true, prefixes = true, slot = false, surprise_down = false,
         rrs_visibility = false, ari_forwarding = false;
    bool atomic_routing = false, atomic_completer = false;  ///< of ports
    unsigned gen = 4, width = 8;
    unsigned port_number = 0;
    unsigned interrupt_message = 0;
    std::uint16_t at = 0;
};
struct msix_fields {
    unsigned vectors = 8;  ///< 1..2048
    unsigned table_bar = 0;
    std::uint32_t table_offset = 0x2000;
    unsigned pba_bar = 0;
    std::uint32_t pba_offset = 0x3000;
    std::uint16_t at = 0;
};
struct msi_fields {
    unsigned vectors_log2 = 0;  ///< Multiple Message Capable, 0..5
    bool wide = true, maskable = false;
    std::uint16_t at = 0;
};
struct power_fields {
    bool no_soft_reset = true, d1 = false, d2 = false;
    std::uint16_t at = 0;
};
struct aer_fields {
    bool ecrc = false;
    unsigned version = 2;
    std::uint16_t at = 0;
};
struct ats_fields {
    unsigned queue_depth = 32;  ///< 1..32
    bool page_aligned = true, global_invalidate = false;
    std::uint16_t at = 0;
};
struct pri_fields {
    std::uint32_t capacity = 512;
    bool pasid_required = false;
    std::uint16_t at = 0;
};
struct pasid_fields {
    unsigned width = 20;  ///< 1..20 bits
    bool execute = false, privileged = true;
    std::uint16_t at = 0;
};
struct dpc_fields {
    bool root_port_extensions = true, poisoned_egress_blocking = false, software_trigger = true;
    unsigned pio_log_size = 4;  ///< DWs: 4 header, 5 and ImpSpec, up to 9 with prefixes
    std::uint16_t at = 0;
};

struct af_fields {
    bool flr = true, transactions_pending = true;
    std::uint16_t at = 0;
};
struct acs_fields {
    std::uint16_t services = 0x5f;  ///< acs_view's bits, 0..0x7f
    unsigned vector_bits = 0;       ///< egress control vector, 1..256 with egress control
    std::uint16_t at = 0;
};
struct ari_fields {
    unsigned next_function = 0;  ///< 0..255, 0 at the last
    bool mfvc_groups = false, acs_groups = false;
    std::uint16_t at = 0;
};
struct vf_bar_fields {
    unsigned n = 0;           ///< 0..5
    std::uint64_t bytes = 0;  ///< of one VF; a power of two, at least 4 KiB
    bool wide = true, prefetchable = true;
};
struct sriov_fields {
    unsigned total_vfs = 8, initial_vfs = 8;  ///< InitialVFs 0..TotalVFs
    unsigned first_offset = 1, stride = 1;    ///< of the VFs' Routing IDs
    std::uint16_t vf_device = 0;
    std::uint32_t page_sizes = 0x553;  ///< bit n: 2^(n+12) bytes; 4 KiB is mandatory
    unsigned dependency_link = 0;
    bool vf_10_bit_tags = false;
    std::vector<vf_bar_fields> bars{};
    std::uint16_t at = 0;
};
struct dsn_fields {
    std::uint64_t serial = 0;
    std::uint16_t at = 0;
};
struct vc_fields {
    unsigned channels = 2;      ///< VC resources, VC0 among them: 1..8
    unsigned low_priority = 7;  ///< VC IDs up to it are served in turn, those above it first
    std::uint16_t at = 0;
};
struct cxl_port_fields {
    std::uint16_t at = 0;
};
struct cxl_device_fields {
    bool cache = true, mem = false, writeback = true, reset = true, mem_clear = false;
    unsigned reset_timeout_code = 1;  ///< 0..4: 10 ms, 100 ms, 1 s, 10 s, 100 s
    std::uint16_t at = 0;
};

/// Makes a configuration space from facts. Errors name the field; chains are in order of the calls.
class config_image_builder {
public:
    /// @param bridge  header type 1 (root and switch ports)
    explicit config_image_builder(const function_ids& ids, bool bridge = false);

    /// @throws config_error if bytes is no power of two, too small, or n does not exist or is taken
    config_image_builder& bar(unsigned n, std::uint64_t bytes, bool wide = true,
                              bool prefetchable = true);
    config_image_builder& express(const express_fields& f);
    config_image_builder& msix(const msix_fields& f);
    config_image_builder& msi(const msi_fields& f);
    config_image_builder& power(const power_fields& f);
    config_image_builder& aer(const aer_fields& f);
    config_image_builder& ats(const ats_fields& f);
    config_image_builder& pri(const pri_fields& f);
    config_image_builder& pasid(const pasid_fields& f);
    config_image_builder& dpc(const dpc_fields& f);
    config_image_builder& af(const af_fields& f);
    config_image_builder& acs(const acs_fields& f);
    config_image_builder& ari(const ari_fields& f);
    config_image_builder& sriov(const sriov_fields& f);
    config_image_builder& dsn(const dsn_fields& f);
    config_image_builder& vc(const vc_fields& f);
    /// Port and device DVSECs of CXL.
    config_image_builder& cxl_port(const cxl_port_fields& f);
    config_image_builder& cxl_device(const cxl_device_fields& f);
    /// Any other capability as read-only bytes, those of the header included (id and next are set
    /// here).
    config_image_builder& raw(std::uint16_t id, bool extended, std::vector<std::uint8_t> bytes,
                              std::uint16_t at = 0, unsigned version = 1);

    /// @throws config_error where capabilities overlap or do not fit
    config_image build() const;

private:
    struct capability {
        std::uint16_t id;
        bool extended;
        unsigned version;
        std::uint16_t at;
        std::vector<std::uint8_t> bytes;
    };
    void place(config_image& image, bool extended) const;

    config_image header_;
    bool bridge_;
    std::vector<capability> list_;
};

}  // namespace drydock::pcie
