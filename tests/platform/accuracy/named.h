// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdexcept>
#include <string>

#include "platform/accuracy/dpc_pattern.h"
#include "platform/accuracy/pattern.h"

namespace drydock::accuracy {

inline const pattern& named(const std::string& name) {
    for (const pattern& p : patterns())
        if (name == p.name) return p;
    throw std::logic_error(name);
}

inline const dpc_pattern& dpc_named(const std::string& name) {
    for (const dpc_pattern& p : dpc_patterns())
        if (name == p.name) return p;
    throw std::logic_error(name);
}

}  // namespace drydock::accuracy
