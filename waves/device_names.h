// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>

#include "tlm/base/ids.h"

namespace drydock::waves {

/// Routing ID as lspci writes it: "01:00.0".
inline std::string routing_id_text(base::routing_id rid) {
    static constexpr char digits[] = "0123456789abcdef";
    const unsigned bus = rid.value >> 8, device = (rid.value >> 3) & 31, function = rid.value & 7;
    return {digits[bus >> 4], digits[bus & 15], ':', digits[device >> 4], digits[device & 15], '.',
            digits[function]};
}

/// How the scenario calls the functions. One that has no name is called by its routing ID; the
/// builder may add names at any time before they are first asked for.
class device_names {
public:
    void add(base::routing_id rid, std::string name) { names_[rid.value] = std::move(name); }
    std::string name(base::routing_id rid) const {
        const auto found = names_.find(rid.value);
        return found != names_.end() ? found->second : routing_id_text(rid);
    }
    const std::map<std::uint16_t, std::string>& all() const { return names_; }

private:
    std::map<std::uint16_t, std::string> names_;
};

}  // namespace drydock::waves
