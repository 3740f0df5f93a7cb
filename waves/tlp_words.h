// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "waves/field_text.h"
#include "waves/transaction_id.h"

namespace drydock::waves {

/// Words for TLP types, in the order of pcie::tlp_type (the waves know the probe only; a test holds
/// the two against each other).
inline constexpr std::array<std::string_view, 19> tlp_words{
    "MRd", "MWr",  "IORd",     "IOWr", "CfgRd0", "CfgWr0", "CfgRd1", "CfgWr1", "Cpl",   "CplD",
    "Msg", "MsgD", "FetchAdd", "Swap", "CAS",    "DMWr",   "MRdLk",  "CplLk",  "CplDLk"};

constexpr std::string_view tlp_word(std::uint64_t type) {
    return type < tlp_words.size() ? tlp_words[type] : "TLP?";
}

/// "TLP 812 MWr 0x4000"; a completion has no address.
inline void append_tlp(std::string& to, std::uint64_t number, std::uint64_t type,
                       std::uint64_t address) {
    append_id(to, tlp_id_word, number);
    (to += ' ') += tlp_word(type);
    if (!tlp_word(type).starts_with("Cpl")) append_hex(to += ' ', address);
}

/// SMMUv3 6.3.17 GERROR, bit by bit.
inline constexpr std::array<std::string_view, 11> gerror_words{"CMDQ_ERR",
                                                               "",
                                                               "EVENTQ_ABT_ERR",
                                                               "PRIQ_ABT_ERR",
                                                               "MSI_CMDQ_ABT_ERR",
                                                               "MSI_EVENTQ_ABT_ERR",
                                                               "MSI_PRIQ_ABT_ERR",
                                                               "MSI_GERROR_ABT_ERR",
                                                               "SFM_ERR",
                                                               "CMDQP_ERR",
                                                               ""};

}  // namespace drydock::waves
