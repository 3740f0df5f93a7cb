// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "platform/scenario/scenario.h"
#include "tlm/pcie/config_image.h"

namespace drydock::devices {

/// A device as its configuration space tells it, after reset.
struct description {
    std::string name;   ///< "intel_dsa", or the path it was read from
    std::string title;  ///< one line
    pcie::config_image image;
    // what the rest of the platform asks of the image
    scenario::port_type type = scenario::port_type::endpoint;
    std::optional<scenario::link> link;  ///< Link Capabilities; none for an integrated endpoint
    bool flr = false;                    ///< DevCap[28]
    bool ats = false;
    unsigned invalidate_queue_depth = 32;  ///< 1..32
    std::optional<unsigned> pasid_bits;    ///< Max PASID Width; none without the capability
    bool pri = false;               ///< of a virtual function: the physical one's, which it shares
    unsigned virtual_channels = 1;  ///< VC resources, VC0 among them
    /// SR-IOV; none without the capability or with TotalVFs 0.
    struct sriov_facts {
        unsigned total_vfs = 0, first_offset = 0, stride = 0;
    };
    std::optional<sriov_facts> sriov;
    /// What a reader of results must know: where it differs from what it is like.
    std::vector<std::string> notes;
};

/// `overrides:` of a device.
struct overrides {
    std::optional<scenario::port_type> type;
    std::optional<scenario::link> link;
    std::optional<unsigned> virtual_channels;  ///< VC resources of a device without the capability
};

/// Names of the built-in descriptions, sorted.
std::vector<std::string> names();

/// Whether `like:` says a path: it has a '/' or a '.'.
bool is_path(const std::string& like);

/// Relative to the file that says it; to the working directory if the command line does.
std::filesystem::path resolve(const std::string& like, const scenario::place& where);

/// By name, or by the path of a description (.yaml) or of an lspci -vvvxxxx dump; a path has a '/'
/// or a '.', and is relative to the file that `where` names, or to the working directory if that is
/// the command line. "dump.txt#01:00.0" is one device of a dump that holds several.
/// @throws scenario::bad_input for an unknown name (with the nearest), a file that cannot be read
/// or used
std::shared_ptr<const description> load(const std::string& like, const scenario::place& where);

/// The same device with another port type or link; each change that matters becomes a note.
description with_overrides(const description& d, const overrides& o, const scenario::place& where);

/// The same device with SR-IOV, if it has none: a VF BAR beside each BAR that holds the DMA
/// engine's registers or the MSI-X table. @throws scenario::bad_input where it cannot have it
description with_sriov(const description& d, const description::sriov_facts& facts,
                       const scenario::place& where);
/// The same device with the ARI capability, if it has none.
description with_ari(const description& d, const scenario::place& where);
/// The same device with so many VC resources, if it has no VC capability.
/// @throws scenario::bad_input where it has one, or no room for it
description with_channels(const description& d, unsigned channels, const scenario::place& where);
/// A virtual function of it.
description virtual_function(const description& d);

/// Fills what the platform asks of an image. @throws scenario::bad_input if it is no endpoint or
/// its chain is broken
description describe(const std::string& name, const pcie::config_image& image,
                     const scenario::place& where);

/// A description file: ids, BARs, capabilities. @throws scenario::bad_input
description parse_description(const std::string& text, const std::string& file,
                              const std::string& name);

}  // namespace drydock::devices
