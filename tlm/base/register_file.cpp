// SPDX-License-Identifier: Apache-2.0
#include "tlm/base/register_file.h"

#include <stdexcept>
#include <string>

namespace drydock::base {
namespace {

constexpr std::uint64_t low32 = 0xffff'ffff;

}  // namespace

register_file::register_file(std::uint64_t bytes, register_client& client)
    : client_(client), words_(bytes / 4) {}

void register_file::place(reg& r, std::uint64_t offset) {
    const auto complain = [&](const char* what) {
        throw std::logic_error("register " + std::string(r.name) + " at offset " +
                               std::to_string(offset) + " " + what);
    };
    if (r.bytes != 4 && r.bytes != 8) complain("is neither 4 nor 8 bytes");
    if (offset % r.bytes != 0) complain("is misaligned");
    if (offset >= bytes()) complain("lies outside its block");
    registers_.push_back(&r);
    r.value = r.reset_value;
    for (unsigned half = 0; half < r.bytes / 4; ++half) {
        word& w = words_[offset / 4 + half];
        if (w.index != 0) complain("overlaps another register");
        w = {static_cast<std::uint16_t>(registers_.size()), half == 1};
    }
}

void register_file::reset() {
    for (reg* r : registers_) r->value = r->reset_value;
}

const register_file::word* register_file::lookup(std::uint64_t offset, unsigned size) const {
    if ((size != 4 && size != 8) || offset % size != 0 || offset >= bytes()) return nullptr;
    const word& w = words_[offset / 4];
    if (w.index == 0) return nullptr;
    if (size == 8 && (registers_[w.index - 1u]->bytes != 8 || w.upper)) return nullptr;
    return &w;
}

const reg* register_file::find(std::uint64_t offset, unsigned size) const {
    const word* w = lookup(offset, size);
    return w != nullptr ? registers_[w->index - 1u] : nullptr;
}

std::uint64_t register_file::read(std::uint64_t offset, unsigned size) const {
    const word* w = lookup(offset, size);
    if (w == nullptr) return 0;
    const std::uint64_t value = registers_[w->index - 1u]->value;
    if (size == 8) return value;
    return (w->upper ? value >> 32 : value) & low32;
}

bool register_file::write(std::uint64_t offset, unsigned size, std::uint64_t value) {
    const word* w = lookup(offset, size);
    if (w == nullptr) return false;
    reg& r = *registers_[w->index - 1u];
    if (r.access == register_access::ro) return false;
    std::uint64_t touched = size == 8 ? ~std::uint64_t{0} : low32;
    if (w->upper) {
        touched <<= 32;
        value <<= 32;
    }
    const std::uint64_t open = client_.unlocked(r);
    if (open == 0) return false;
    const std::uint64_t bits = touched & r.writable & open;
    const std::uint64_t before = r.value;
    r.value = (before & ~bits) | (value & bits);
    client_.written(r, before);
    return true;
}

}  // namespace drydock::base
