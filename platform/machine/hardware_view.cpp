// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "platform/machine/machine.h"
#include "tlm/pcie/config_space.h"

namespace drydock::machine {
namespace {

constexpr std::uint64_t strtab_base = 0x80;      // SMMUv3 6.3.24 STRTAB_BASE
constexpr std::uint64_t strtab_base_cfg = 0x88;  // SMMUv3 6.3.25 STRTAB_BASE_CFG

constexpr std::uint64_t bits(std::uint64_t word, unsigned high, unsigned low) {
    return (word >> low) & ((std::uint64_t{2} << (high - low)) - 1);
}

/// Address of the STE of a Requester ID, by the tables as they stand in memory (SMMUv3 3.3.1).
std::optional<base::phys_addr> ste_address(hardware& hw, base::stream_id requester) {
    const auto mapped =
        sw::iort_map_id(hw.id_mappings(), static_cast<std::uint16_t>(requester.value));
    if (!mapped) return std::nullopt;
    const base::stream_id sid{mapped->sid};
    const std::uint64_t registers = hw.smmus().at(mapped->iommu).registers.value;
    auto& mmio = hw.hal().host().mmio;
    const std::uint64_t base_reg = mmio.peek(registers + strtab_base, 8);
    const std::uint64_t cfg = mmio.peek(registers + strtab_base_cfg, 4);
    const std::uint64_t table = base_reg & 0x000f'ffff'ffff'ffc0;
    if (bits(cfg, 5, 0) < 32 && sid.value >> bits(cfg, 5, 0) != 0) return std::nullopt;
    if (bits(cfg, 17, 16) == 0) return base::phys_addr{table + std::uint64_t{sid.value} * 64};
    const unsigned split = std::max<unsigned>(6, static_cast<unsigned>(bits(cfg, 10, 6)));
    const auto l1 =
        hw.memory().load<std::uint64_t>(base::phys_addr{table + (sid.value >> split) * 8});
    const auto span = bits(l1, 4, 0);
    const std::uint64_t index = sid.value & ((1u << split) - 1);
    if (span == 0 || span > 11 || index >= std::uint64_t{1} << (span - 1)) return std::nullopt;
    return base::phys_addr{(l1 & 0x000f'ffff'ffff'ffc0) + index * 64};
}

/// Address of a context descriptor (SMMUv3 3.3.2), from words 0 of its STE.
std::optional<base::phys_addr> cd_address(hardware& hw, std::uint64_t w0, base::substream_id ssid) {
    const std::uint64_t pointer = w0 & 0x000f'ffff'ffff'ffc0;
    const auto max = bits(w0, 63, 59), format = bits(w0, 5, 4);
    if (ssid.value >> max != 0) return std::nullopt;
    if (max == 0 || format == 0) return base::phys_addr{pointer + std::uint64_t{ssid.value} * 64};
    const unsigned split = format == 1 ? 6 : 10;
    const auto l1 =
        hw.memory().load<std::uint64_t>(base::phys_addr{pointer + (ssid.value >> split) * 8});
    if ((l1 & 1) == 0) return std::nullopt;
    return base::phys_addr{(l1 & 0x000f'ffff'ffff'f000) +
                           (ssid.value & ((1u << split) - 1)) * std::uint64_t{64}};
}

}  // namespace

std::optional<monitors::ste_view> machine::ste(base::stream_id sid) {
    const auto at = ste_address(hardware_, sid);
    if (!at || !hardware_.memory().contains(*at, 64)) return std::nullopt;
    const auto w0 = hardware_.memory().load<std::uint64_t>(*at);
    const auto w1 = hardware_.memory().load<std::uint64_t>(base::phys_addr{at->value + 8});
    return monitors::ste_view{bits(w0, 0, 0) != 0, static_cast<std::uint8_t>(bits(w0, 3, 1)),
                              static_cast<std::uint8_t>(bits(w1, 29, 28)), bits(w0, 63, 59) != 0,
                              static_cast<std::uint8_t>(bits(w1, 1, 0))};
}

std::optional<monitors::cd_view> machine::cd(base::stream_id sid, base::substream_id ssid) {
    const auto at = ste_address(hardware_, sid);
    if (!at || !hardware_.memory().contains(*at, 64)) return std::nullopt;
    const auto w0 = hardware_.memory().load<std::uint64_t>(*at);
    if (bits(w0, 0, 0) == 0 || (bits(w0, 3, 1) & 5) != 5) return std::nullopt;
    const auto cd = cd_address(hardware_, w0, ssid);
    if (!cd || !hardware_.memory().contains(*cd, 64)) return std::nullopt;
    const auto c0 = hardware_.memory().load<std::uint64_t>(*cd);
    const auto c1 = hardware_.memory().load<std::uint64_t>(base::phys_addr{cd->value + 8});
    return monitors::cd_view{bits(c0, 31, 31) != 0, c1 & 0x000f'ffff'ffff'fff0};
}

std::optional<bool> machine::ats_enabled(base::routing_id rid) {
    for (const seat& s : hardware_.seats()) {
        if (s.id != rid) continue;
        if (!s.device->exists()) return std::nullopt;  // a virtual one that is gone
        const auto ats = s.device->config_space().ats();
        return ats.present() ? std::optional(ats.enabled()) : std::nullopt;
    }
    return std::nullopt;
}

std::optional<bool> machine::ats_believed(base::routing_id rid) {
    if (!software_->booted()) return std::nullopt;
    const auto state = software_->device_of(rid.value);
    return state ? std::optional(state->ats_enabled) : std::nullopt;
}

std::optional<base::routing_id> machine::function_of(std::string_view smmu, base::stream_id sid) {
    for (const seat& s : hardware_.seats()) {
        const auto mapped = sw::iort_map_id(hardware_.id_mappings(), s.id.value);
        if (mapped && mapped->sid == sid.value && hardware_.smmus().at(mapped->iommu).name == smmu)
            return s.id;
    }
    return std::nullopt;
}

}  // namespace drydock::machine
