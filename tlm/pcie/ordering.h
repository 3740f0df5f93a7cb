// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tlm/pcie/tlp.h"

namespace drydock::pcie {

/// The ordering table of PCIe: whether `later` is allowed to pass `earlier` of the same virtual
/// channel and direction.
///
///     later \ earlier | posted                                    | non-posted | completion
///     posted          | (a) RO, or IDO and another requester,     | yes        | yes
///                     |     or IDO and both have PASIDs that differ |          |
///     read            | (b) IDO and another requester             | yes        | yes
///     NP with data    | (c) RO, or IDO and another requester      | yes        | yes
///     completion      | (d) of an IO or config write, or RO, or   | yes        | (e) of another
///                     |     IDO and completer != its requester    |            |     transaction
bool may_pass(const tlp& later, const tlp& earlier);

/// As above against any posted TLP, whoever sent it.
bool may_pass_all_posted(const tlp& later);

}  // namespace drydock::pcie
