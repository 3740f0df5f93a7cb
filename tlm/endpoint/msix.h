// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

namespace drydock::endpoint {

/// MSI-X table and Pending Bit Array of a function (PCIe). A vector that fires while it is
/// masked sets its pending bit; what may not go out yet (Bus Master Enable 0, posted queue full)
/// waits here too.
class msix_table {
public:
    static constexpr std::uint32_t entry_bytes = 16;

    /// Whether the memory write of a vector may go out, and takes it.
    struct sender {
        virtual bool try_send_msi(std::uint64_t address, std::uint32_t data) = 0;

    protected:
        ~sender() = default;
    };

    /// @param vectors  0..2048; 0: the function has no MSI-X
    msix_table(unsigned vectors, sender& s);

    std::uint32_t table_bytes() const {
        return static_cast<std::uint32_t>(entries_.size()) * entry_bytes;
    }
    std::uint32_t pba_bytes() const { return static_cast<std::uint32_t>(pending_.size()) * 8; }

    /// Aligned 32-bit accesses; offsets from the start of the table or of the Pending Bit Array.
    std::uint32_t read_table(std::uint32_t offset) const;
    void write_table(std::uint32_t offset, std::uint32_t value);
    std::uint32_t read_pba(std::uint32_t offset) const;

    /// MSI-X Enable and Function Mask of the capability.
    void set_control(bool enabled, bool function_mask);
    bool enabled() const { return enabled_; }
    /// A vector that the table does not have, or with MSI-X disabled: no effect.
    void fire(std::uint32_t vector);
    /// Sends what waits and may go.
    void flush();
    void reset();

private:
    struct entry {
        std::uint32_t words[4] = {0, 0, 0, masked};  ///< address low, high, data, control: Mask[0]
    };
    static constexpr std::uint32_t masked = 1;

    bool pending(std::uint32_t v) const { return (pending_[v / 64] >> (v % 64) & 1) != 0; }
    void set_pending(std::uint32_t v, bool on);
    bool try_send(std::uint32_t v);

    sender& sender_;
    std::vector<entry> entries_;
    std::vector<std::uint64_t> pending_;
    unsigned pending_count_ = 0;
    bool enabled_ = false;
    bool function_mask_ = false;
};

}  // namespace drydock::endpoint
