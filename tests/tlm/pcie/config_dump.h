// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdio>
#include <sstream>
#include <string>

#include "tlm/pcie/config_image_builder.h"
#include "tlm/pcie/config_space.h"

namespace drydock::pcie {

/// A function with every capability that concerns ATS.
inline config_image device() {
    return config_image_builder({0x8086, 0x0b25, 0, 0x088000, 0x8086, 0, 0})
        .bar(0, 64 * 1024)
        .express({})
        .msix({})
        .power({})
        .aer({})
        .ats({})
        .pasid({})
        .pri({})
        .build();
}

/// A dump as lspci would print it for an image.
inline std::string dump_of(const config_image& image, const std::string& slot = "01:00.0") {
    std::ostringstream s;
    s << slot << " Ethernet controller: Somebody Something\n";
    for (unsigned n = 0; n < 6; ++n)
        if (image.bar_size[n] != 0)
            s << "\tRegion " << n
              << ": Memory at 1000 (64-bit, prefetchable) [size=" << image.bar_size[n] / 1024
              << "K]\n";
    for (const auto& c : walk_capabilities(image).found)
        s << "\tCapabilities: [" << std::hex << c.offset << std::dec << "] X\n";
    char text[8];
    for (unsigned i = 0; i < config_bytes; ++i) {
        if (i % 16 == 0)
            s << (i != 0 ? "\n" : "") << (std::snprintf(text, sizeof text, "%02x:", i), text);
        s << (std::snprintf(text, sizeof text, " %02x", unsigned{image.bytes[i]}), text);
    }
    s << "\n";
    return s.str();
}

}  // namespace drydock::pcie
