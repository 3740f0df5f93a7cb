// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "tlm/base/bit_field.h"

namespace drydock::base {

class register_file;

/// What a software write does to a register's bits by itself, before its owner hears of it.
enum class register_access : std::uint8_t {
    ro,  ///< writes are ignored
    rw   ///< writable bits are stored
};

/// One register: `reg prod{"CMDQ_PROD", 0x98, 4, register_access::rw, bit_mask(19, 0)};`
/// Bits outside `writable` keep their reset value and are never changed by software.
struct reg {
    std::string_view name;
    std::uint64_t offset;
    unsigned bytes;  ///< 4 or 8
    register_access access = register_access::rw;
    std::uint64_t writable = ~std::uint64_t{0};
    std::uint64_t reset_value = 0;
    std::uint64_t value = 0;  ///< what a read returns

    template <class Field>
    std::uint64_t get() const {
        return Field::get(value);
    }
    template <class Field>
    void set(std::uint64_t v) {
        value = Field::set(value, v);
    }
};

/// Owns the meaning of the registers of one block.
struct register_client {
    /// Bits that a write may change now: write guards answer 0 for what is locked.
    virtual std::uint64_t unlocked(const reg& r) const = 0;
    /// Software wrote r; before: its value until then. Called for accepted writes, changed or not.
    virtual void written(reg& r, std::uint64_t before) = 0;

protected:
    ~register_client() = default;
};

/// Registers of one block by offset. A 4-byte register takes 4-byte accesses; an 8-byte one takes
/// 8-byte accesses and 4-byte accesses of either half. Everything else, and offsets without a
/// register, read zero and ignore writes (RAZ/WI).
class register_file {
public:
    /// @param bytes  size of the block, a multiple of 8
    register_file(std::uint64_t bytes, register_client& client);

    /// @throws std::logic_error if r overlaps another register, lies outside or is misaligned
    void add(reg& r) { place(r, r.offset); }
    /// The same register at a second offset.
    void alias(reg& r, std::uint64_t offset) { place(r, offset); }
    void reset();

    std::uint64_t bytes() const { return std::uint64_t{words_.size()} * 4; }
    /// Without side effects. @return the value, zero-extended
    std::uint64_t read(std::uint64_t offset, unsigned size) const;
    /// @return false if the write was ignored
    bool write(std::uint64_t offset, unsigned size, std::uint64_t value);
    /// The register that an access of this form reaches, or null.
    const reg* find(std::uint64_t offset, unsigned size) const;

private:
    struct word {
        std::uint16_t index = 0;  ///< register number + 1; 0 = none
        bool upper = false;       ///< second half of an 8-byte register
    };
    void place(reg& r, std::uint64_t offset);
    const word* lookup(std::uint64_t offset, unsigned size) const;

    register_client& client_;
    std::vector<word> words_;
    std::vector<reg*> registers_;
};

}  // namespace drydock::base
