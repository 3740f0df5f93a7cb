// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdio>
#include <string>

#include "waves/sink.h"

namespace drydock::waves {

struct log_options {
    bool transactions = false;  ///< each unmap, invalidation, command and page request as it ends
    bool colours = false;       ///< for a terminal
    std::string run = {};       ///< stands at the front of each line
};

/// One line per event of interest, as it happens: "none  20.025493291 ms  ep0  INV 210598
/// invalidate_ignored function=ep0 reason=function in reset itag=4". Names are hierarchical, ids
/// those of waves/transaction_id.h. Of interest is what happens rarely: errors, timeouts, states,
/// resets, calls, attachments, violations, what the scenario does.
/// @param to not owned
std::unique_ptr<sink> open_log(base::context& ctx, std::FILE* to, const file_header& header,
                               log_options options);

}  // namespace drydock::waves
