// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>
#include <vector>

#include "rtl/adapter/atc_pins.h"
#include "tlm/base/signals.h"

namespace drydock::rtl {

/// The ports of an ATC block as signals of a waveform, under the block's instance.
class atc_signals {
public:
    atc_signals(base::signal_recorder& to, std::string_view scope, const atc_shape& shape);

    /// Their values at an edge and behind it. Fields beside a valid that is low keep their value.
    void sample(base::ps now, const atc_inputs& in, const atc_outputs& out);

private:
    base::signal_recorder& to_;
    atc_shape shape_;
    std::vector<base::signal_recorder::signal> signals_;  ///< in the order of visit()
};

}  // namespace drydock::rtl
