// SPDX-License-Identifier: Apache-2.0
#include "platform/machine/smmu_seat.h"

#include "platform/machine/hardware.h"
#include "platform/scenario/tree.h"

namespace drydock::machine {
namespace {

/// The part of [from, from + count) that a range of the scenario has.
void add_part(const scenario::requesters& of, const scenario::stream_range& m, unsigned smmu,
              std::vector<sw::iort_mapping>& table) {
    const unsigned from = std::max(of.first, m.rid);
    const unsigned to = std::min(of.first + of.count, m.rid + m.count);
    if (from >= to) return;
    table.push_back({static_cast<sw::u16>(from), to - from, smmu,
                     m.sid + (from & m.mask) - (m.rid & m.mask), static_cast<sw::u16>(m.mask)});
}

}  // namespace

std::vector<smmu_seat> smmu_seats(const scenario::machine& m, base::phys_addr registers) {
    std::vector<smmu_seat> seats;
    for (unsigned n = 0; n < m.smmus.size(); ++n) {
        smmu_seat s;
        s.name = m.smmus[n].name;
        s.described = n;
        for (std::uint16_t p = 0; p < m.ports.size(); ++p)
            if (m.ports[p].smmu == n) s.ports.push_back(p);
        if (s.ports.empty()) continue;
        s.registers = base::phys_addr{registers.value + seats.size() * address_map::smmu_bytes};
        seats.push_back(std::move(s));
    }
    return seats;
}

std::vector<sw::iort_mapping> id_mappings(const scenario::machine& m,
                                          const std::vector<smmu_seat>& seats) {
    static const std::vector<scenario::stream_range> same{{0, 0x10000, 0, 0xffff, {}}};
    std::vector<sw::iort_mapping> table;
    for (unsigned n = 0; n < seats.size(); ++n) {
        const scenario::smmu& s = m.smmus[seats[n].described];
        for (const std::uint16_t root : seats[n].ports)
            for (const scenario::requesters& of : scenario::requesters_of(m, root))
                for (const auto& range : s.stream_ids.empty() ? same : s.stream_ids)
                    add_part(of, range, n, table);
    }
    return table;
}

}  // namespace drydock::machine
